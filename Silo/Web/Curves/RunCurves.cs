using System.Collections.Concurrent;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Curves;

/// <summary>
/// The curves of runs, for charts. Those of runs that have ended are kept, because comparisons show them again and again.
/// </summary>
/// <param name="feeds">Follows the runs.</param>
internal sealed class RunCurves(RunFeeds feeds)
{
    /// <summary>How many curves are kept: at 1,024 points each, some 60 KB.</summary>
    private const int Most = 256;

    /// <summary>How many runs are read at once: training must not wait for their files.</summary>
    private const int Readers = 2;

    private readonly ConcurrentDictionary<string, (DateTimeOffset Ended, long LastEvent, RunCurve Curve)> _kept = [];

    /// <summary>The curve of a run.</summary>
    /// <exception cref="Protocol.RunNotFoundException">There is no such run.</exception>
    public async Task<RunCurve> OfAsync(string id) =>
        (await feeds.FollowAsync(id)).Read(RunCurve.Of);

    /// <summary>The curves of runs, in their order.</summary>
    /// <param name="runs">The runs' statuses.</param>
    public async Task<IReadOnlyList<RunCurve>> OfAsync(IReadOnlyList<Runs.RunStatus> runs)
    {
        var curves = new RunCurve[runs.Count];
        await Parallel.ForAsync(0, runs.Count, new ParallelOptions { MaxDegreeOfParallelism = Readers }, async (index, _) =>
            curves[index] = await KeptAsync(runs[index]));
        return curves;
    }

    private async ValueTask<RunCurve> KeptAsync(Runs.RunStatus status)
    {
        if (status.EndedAt is not { } ended)
            return await OfAsync(status.Id);
        if (_kept.TryGetValue(status.Id, out var kept) && kept.Ended == ended && kept.LastEvent == status.LastEvent)
            return kept.Curve;
        var curve = await OfAsync(status.Id);
        if (_kept.Count >= Most)
            _kept.Clear();
        _kept[status.Id] = (ended, status.LastEvent, curve);
        return curve;
    }
}
