using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains.Silos;
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
    /// <param name="services">The run store, and the checkpoints.</param>
    /// <param name="status">The run's last written status.</param>
    /// <param name="request">What is wanted. A client is not to be trusted.</param>
    /// <param name="silos">The cluster's silos, where the run's spec is to be changed.</param>
    public static string? FindProblem(RunServices services, RunStatus status, ResumeRequest request, IReadOnlyList<LivingSilo> silos)
    {
        var store = services.Store;
        var run = RunId.Parse(status.Id);
        var sets = request.Sets ?? [];
        if (sets.Count > MostSets || sets.Any(set => set is null or { Length: > LongestSet }))
            return $"sets: found more than {MostSets}, or one of more than {LongestSet} characters, expected KEY=VALUE";
        if (status.State == RunState.Diverged)
            return "the run has diverged, and would diverge again";
        if (status.State == RunState.Completed && sets.Count == 0)
        {
            string done = status.Message.Length > 0 ? $"the run has {status.Message}"
                : $"the run has completed its {status.Epochs} {(status.Epochs == 1 ? "epoch" : "epochs")}";
            return $"{done}; to train it further: tbptt resume {run} {SpecRevision.ToTrainFurther(status)}";
        }

        try
        {
            var revised = sets.Count > 0 ? Revise(store, run, status, sets) : null;
            if (revised is { Spec: null })
                return string.Join("; ", revised.Problems);
            if (revised is not null && ThreadsCheck.FindProblem(revised.Spec!, silos) is { } tooMany)
                return $"{revised.Locate(tooMany)}";
            if (revised is null && AtLimit(store, run, status) is { } limit)
                return limit;

            if (request.Trainers is { } trainers && RefusalOf(store, run, trainers, revised?.Spec) is { } refusal)
                return refusal;

            // A completed run stays completed where it cannot be trained further.
            if (status.State == RunState.Completed
                && Takeover.FindProblem(
                    store.Of(run), status, revised!.Spec!, services.Checkpoints.RestoreNewest(run, revised.Spec!), request) is { } problem)
                return problem;
        }
        catch (FileNotFoundException)
        {
            return RunStore.NoSpec(store.Of(run));
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }

        return null;
    }

    /// <summary>
    /// Why a run cannot be resumed with a number of trainers; null when it can, as far as its spec and the description of its data say.
    /// </summary>
    /// <param name="store">Where its files are.</param>
    /// <param name="run">The run.</param>
    /// <param name="trainers">The number.</param>
    /// <param name="revised">Its spec, where that is changed at the same time; null to read it.</param>
    public static string? RefusalOf(RunStore store, RunId run, int trainers, RunSpec? revised = null)
    {
        try
        {
            var spec = revised ?? store.ReadSpec(run);
            int lanes = spec.Data.BatchSize;
            if (spec.Train.Autoscale is { } scale && (trainers < scale.Min || trainers > scale.Max))
                return $"trainers: found {trainers}, expected {scale.Min} to {scale.Max}, because of train.autoscale";
            if (trainers < 1 || trainers > lanes)
                return $"trainers: found {trainers}, expected 1 to {lanes}, the run's batchSize";
            var problems = PreparedRun.ProblemsOf(spec, store.ReadData(run)?.Description, trainers);
            return problems.Count == 0 ? null : $"trainers: found {trainers}: {string.Join("; ", problems)}";
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
        catch (FileNotFoundException)
        {
            return RunStore.NoSpec(store.Of(run));
        }
        catch (SpecException e)
        {
            return $"{store.Of(run).Spec}: {e.Message}";
        }
    }

    /// <summary>
    /// The limit of its spec that a run has come to; null for none, and where the spec cannot be read, which a takeover reports.
    /// </summary>
    private static string? AtLimit(RunStore store, RunId run, RunStatus status)
    {
        try
        {
            // A run that could not write its end at the limit may do that.
            return status.State == RunState.Failed ? null
                : store.ReadSpec(run).Limits?
                    .Refusal(status.OwnSteps, status.EpochLosses.Count, TimeSpan.FromSeconds(status.TrainedSeconds))?.ToString();
        }
        catch (SpecException)
        {
            return null;
        }
    }

    /// <summary>A run's spec with changes.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SpecDocument Revise(RunStore store, RunId run, RunStatus status, IReadOnlyList<string> sets)
    {
        var directory = store.Of(run);
        var text = new SpecText(File.ReadAllText(directory.Spec), directory.Spec, directory.Path) { Sets = sets };
        return SpecRevision.Read(text, status, store.Reader);
    }
}
