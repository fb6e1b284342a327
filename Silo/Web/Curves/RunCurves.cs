using System.Collections.Concurrent;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Curves;

/// <summary>
/// The curves of runs, for charts. Those of runs that have ended are kept, because comparisons show them again and again.
/// </summary>
/// <param name="feeds">Follows the runs.</param>
internal sealed class RunCurves(RunFeeds feeds) : IDisposable
{
    /// <summary>How many curves are kept: at 1,024 points each, some 60 KB.</summary>
    private const int Most = 256;

    /// <summary>How many runs all requests together read at once: training must not wait for their files.</summary>
    private const int Readers = 2;

    private readonly SemaphoreSlim _readers = new(Readers);
    private readonly ConcurrentDictionary<string, (DateTimeOffset Ended, long LastEvent, RunCurve Curve)> _kept = [];

    /// <summary>The curve of a run.</summary>
    /// <exception cref="Protocol.RunNotFoundException">There is no such run.</exception>
    public async Task<RunCurve> OfAsync(string id, CancellationToken cancellation) =>
        (await feeds.FollowAsync(id, cancellation)).Read(RunCurve.Of);

    /// <summary>The curves of runs, in their order.</summary>
    /// <param name="runs">The runs' statuses.</param>
    /// <param name="cancellation">Ends the reading, because nobody waits for it any more.</param>
    public async Task<IReadOnlyList<RunCurve>> OfAsync(IReadOnlyList<RunStatus> runs, CancellationToken cancellation)
    {
        var curves = new RunCurve[runs.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = cancellation };
        await Parallel.ForAsync(0, runs.Count, options, async (index, token) => curves[index] = await KeptAsync(runs[index], token));
        return curves;
    }

    /// <inheritdoc/>
    public void Dispose() => _readers.Dispose();

    private async ValueTask<RunCurve> KeptAsync(RunStatus status, CancellationToken cancellation)
    {
        if (Kept(status) is { } kept)
            return kept;
        await _readers.WaitAsync(cancellation);
        try
        {
            // Another request may have read it meanwhile.
            return Kept(status) ?? (status.HasEnded ? Read(status, cancellation) : null) ?? await OfAsync(status.Id, cancellation);
        }
        finally
        {
            _readers.Release();
        }
    }

    private RunCurve? Kept(RunStatus status) =>
        status.EndedAt is { } ended && _kept.TryGetValue(status.Id, out var kept) && kept.Ended == ended
            && kept.LastEvent == status.LastEvent ? kept.Curve : null;

    /// <summary>
    /// Reads the curve of a run that has ended from its journal, without its coordinator, and keeps it: nothing more is added to it.
    /// </summary>
    /// <returns>Null, and nothing is kept, where the journal cannot be read completely from here.</returns>
    private RunCurve? Read(RunStatus status, CancellationToken cancellation)
    {
        var run = feeds.DirectoryOf(status.Id);
        var train = feeds.TrainOf(run);
        var journal = new JournalReader(run.Metrics, train?.ClipNorm);
        var history = RunHistory.Of(train);
        try
        {
            long seen = history.Load(journal);
            while (journal.Read(seen, JournalReader.Page) is { Lines.Count: > 0 } page)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (var one in page.Lines.Select(RunJson.ReadEventOrNull).OfType<RunEvent>())
                    history.Add(one);
                seen = page.Last;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        if (history.Number < status.LastEvent || journal.Problems.Count > 0)
            return null;
        var curve = RunCurve.Of(history, status);
        if (_kept.Count >= Most)
            _kept.Clear();
        if (status.EndedAt is { } ended)
            _kept[status.Id] = (ended, status.LastEvent, curve);
        return curve;
    }
}
