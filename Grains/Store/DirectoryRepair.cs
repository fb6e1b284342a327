using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// Puts back what somebody removes from a run's directory while the run is trained, as far as its coordinator knows it: the spec, the
/// data, and the file of its generation, without which the generations would begin again at 1 and fence nobody off.
/// </summary>
/// <param name="store">The run store.</param>
/// <param name="fence">The right to write.</param>
/// <param name="spec">The run's spec, as it is at any moment; called from any thread.</param>
/// <param name="data">The data that the run was born with, as they are known at any moment; called from any thread.</param>
internal sealed class DirectoryRepair(RunStore store, RunFence fence, Func<RunSpec> spec, Func<RunData?>? data = null)
{
    /// <summary>Looks at the directory, and restores what is missing. Costs four looks where nothing is.</summary>
    /// <returns>What is missing and cannot be restored, in words; null when nothing is.</returns>
    /// <exception cref="SupersededException">A newer coordinator has taken the run over.</exception>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public string? Restore()
    {
        fence.Ensure();
        var run = store.Of(fence.Run);
        if (!File.Exists(Path.Combine(run.Generations, $"{fence.Generation}")))
        {
            Directory.CreateDirectory(run.Generations);
            GenerationFile.Restore(run.Generations, fence.Generation, fence.Unfinished, fence.Ensure);
            store.TryTakeGeneration(fence.Run, fence.Generation);
        }

        if (!File.Exists(run.Spec))
            store.Write(spec(), fence);
        if (data?.Invoke() is { } known && !File.Exists(run.Data))
            store.Write(known, fence);
        return File.Exists(run.Metrics) ? null
            : $"{run.Metrics} was removed while the run is trained: its events are lost, and a resumed run begins again";
    }
}
