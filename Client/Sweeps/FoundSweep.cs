using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>A sweep, and the cluster that drives it.</summary>
/// <param name="Status">The sweep as it was when it was found.</param>
/// <param name="Cluster">The cluster; null where no silo is alive.</param>
internal sealed record FoundSweep(SweepStatus Status, OpenCluster? Cluster) : IAsyncDisposable
{
    /// <summary>The sweep.</summary>
    public RunId Id => RunId.Parse(Status.Id);

    /// <summary>
    /// Finds the sweep that a name means: its ID, or a part that no other sweep and no run but its trials has. Null where it means none.
    /// </summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="selection">The cluster or run store to search.</param>
    /// <param name="name">What was typed.</param>
    /// <exception cref="ClientException">The cluster cannot be reached.</exception>
    public static async Task<FoundSweep?> FindAsync(ConsoleContext context, ClusterSelection selection, string name)
    {
        if (selection.IsNamed)
        {
            var named = await context.Clusters.OpenAsync(selection, CancellationToken.None);
            var sweeps = await named.Sweeps.ListAsync().WaitAsync(context.Limits.VersionCheck, context.Time);
            string[] runs = sweeps.Count == 0 ? []
                : [.. (await named.Runs.ListAsync().WaitAsync(context.Limits.VersionCheck, context.Time)).Select(run => run.Id)];
            if (Meant(sweeps, runs, name) is { } meant)
                return new(meant, named);
            await named.DisposeAsync();
            return null;
        }

        if (Find(selection, name) is not { } found)
            return null;
        return new(found, await context.Clusters.FindLivingAsync(selection, RunId.Parse(found.Id), CancellationToken.None));
    }

    /// <summary>The same, by the files alone.</summary>
    public static SweepStatus? Find(ClusterSelection selection, string name) => Meant(
        All(selection.Runs), RunDirectory.All(selection.Runs).Select(run => run.Id.Text), name);

    /// <summary>The sweeps of a run store, newest first.</summary>
    public static IReadOnlyList<SweepStatus> All(string runs) => [.. SweepDirectory.All(runs).Select(sweep => sweep.ReadStatus())
        .OfType<SweepStatus>().OrderByDescending(sweep => sweep.SubmittedAt)];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static SweepStatus? Meant(IReadOnlyList<SweepStatus> sweeps, IEnumerable<string> runs, string name)
    {
        if (sweeps.FirstOrDefault(sweep => sweep.Id == name) is { } exact)
            return exact;
        SweepStatus[] having = [.. sweeps.Where(sweep => name.Length > 0 && sweep.Id.Contains(name, StringComparison.Ordinal))];
        return having is [var one] && runs.Where(run => run.Contains(name, StringComparison.Ordinal))
            .All(run => run.StartsWith($"{one.Id}.t", StringComparison.Ordinal)) ? one : null;
    }
}
