using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Whether a run that is not being trained can be resumed as somebody wants it.</summary>
internal static class ResumeCheck
{
    private const int MostSets = 100;
    private const int LongestSet = 10_000;

    /// <summary>Why not, in words; null where it can. Blocks while it reads the run's spec.</summary>
    /// <param name="store">The run store.</param>
    /// <param name="status">The run's last written status.</param>
    /// <param name="request">What is wanted. A client is not to be trusted.</param>
    public static string? FindProblem(RunStore store, RunStatus status, ResumeRequest request)
    {
        var run = RunId.Parse(status.Id);
        var sets = request.Sets ?? [];
        if (sets.Count > MostSets || sets.Any(set => set is null or { Length: > LongestSet }))
            return $"sets: found more than {MostSets}, or one of more than {LongestSet} characters, expected KEY=VALUE";
        if (status.State == RunState.Diverged)
            return "the run has diverged, and would diverge again";
        if (status.State == RunState.Completed && sets.Count == 0)
            return $"the run has completed its {status.Epochs} {(status.Epochs == 1 ? "epoch" : "epochs")}; to train it further: " +
                $"tbptt resume {run} --set train.epochs={SpecRevision.MoreThan(status.Epochs)}";
        try
        {
            if (sets.Count > 0 && Revise(store, run, status, sets) is { Spec: null } refused)
                return string.Join("; ", refused.Problems);
        }
        catch (FileNotFoundException)
        {
            return RunStore.NoSpec(store.Of(run));
        }

        return request.Trainers is { } trainers ? store.RefusalOf(run, trainers) : null;
    }

    /// <summary>A run's spec with changes.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SpecDocument Revise(RunStore store, RunId run, RunStatus status, IReadOnlyList<string> sets)
    {
        var directory = store.Of(run);
        return SpecRevision.Read(new(File.ReadAllText(directory.Spec), directory.Spec, directory.Path) { Sets = sets }, status);
    }
}
