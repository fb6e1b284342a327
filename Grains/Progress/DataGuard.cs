using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Progress;

/// <summary>Ends a run whose data have changed since it began, because it would continue, plausibly, to another result.</summary>
internal sealed class DataGuard(RunDataLease lease)
{
    /// <summary>Checks the files. Blocks while it reads those that were touched.</summary>
    /// <exception cref="RunLeftException">One of them has changed; says which and how.</exception>
    public void EnsureUnchanged()
    {
        if (lease.FindChange() is { } change)
            throw new RunLeftException(RunState.Failed, change);
    }

    /// <summary>Compares the data with those that the run was born with, or that a checkpoint was trained on.</summary>
    /// <exception cref="RunLeftException">They differ; says where and how.</exception>
    public void EnsureSame(IReadOnlyList<DataFile> before)
    {
        if (lease.FindDifference(before) is { } difference)
            throw new RunLeftException(RunState.Failed, difference);
    }
}
