using Orleans.Tbptt.Data;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>Ends a run whose data are not what it began with: it would go on, plausibly, with another result.</summary>
internal sealed class DataGuard(RunDataLease lease)
{
    /// <summary>Looks at the files. Blocks while it reads those that were touched.</summary>
    /// <returns>Always true.</returns>
    /// <exception cref="RunLeftException">One of them has changed; says which and how.</exception>
    public bool EnsureUnchanged() =>
        lease.FindChange() is { } change ? throw new RunLeftException(RunState.Failed, change) : true;

    /// <summary>Compares the data with those that a checkpoint was trained on.</summary>
    /// <exception cref="RunLeftException">They differ; says where and how.</exception>
    public void EnsureSame(IReadOnlyList<DataFile> before)
    {
        if (DataFingerprint.Compare(before, lease.Files, DataComparison.SinceTheRunBegan) is { } difference)
            throw new RunLeftException(RunState.Failed, difference);
    }
}
