using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// How a coordinator takes a run over, whether the former one is dead, frozen or never existed: a new generation, the newest whole
/// checkpoint, and the journal, in this order. After it, nobody before can write anything that counts.
/// </summary>
/// <param name="Spec">The run's spec; null where it cannot be read.</param>
/// <param name="Fence">The right to write.</param>
/// <param name="Progress">The run at the state that it continues from.</param>
/// <param name="Restored">The checkpoint; null for the initial state.</param>
/// <param name="PassedOver">Newer checkpoints that are not whole, each with what is wrong with it.</param>
/// <param name="End">The end that a former coordinator wrote without recording it in the status; null where the run continues.</param>
/// <param name="Problem">Why the run cannot continue, in words; null when it can.</param>
internal sealed record Takeover(
    RunSpec? Spec, RunFence Fence, RunProgress Progress, RestoredCheckpoint? Restored, IReadOnlyList<string> PassedOver, RunEnded? End,
    string? Problem)
{
    /// <summary>The data that the run was born with; null where a former release submitted it.</summary>
    public RunData? Data { get; private init; }

    /// <summary>Takes a run over. Blocks while it reads and verifies.</summary>
    /// <param name="services">What it works with.</param>
    /// <param name="status">The run's last written status.</param>
    /// <param name="request">How somebody wants it resumed; null when nobody asked.</param>
    /// <exception cref="IOException">The run's directory cannot be read or written; nothing was changed but the generation.</exception>
    public static Takeover Begin(RunServices services, RunStatus status, ResumeRequest? request)
    {
        var run = RunId.Parse(status.Id);
        var directory = services.Store.Of(run);
        var fence = new RunFence(services.Store, run);
        services.Checkpoints.Sweep(run, fence.Generation);

        // Before anything is read: what a former coordinator still writes goes elsewhere from now on.
        var journal = new RunJournal(directory.Metrics, fence.Unfinished, () => fence.IsInForce, services.Time);

        // An end of a generation that the status knows nothing of was written after the status. A resumed run has a newer status than its
        // former end.
        var end = request is null && JournalFile.End(directory.Metrics) is { } last && last.Generation >= status.Generation ? last : null;
        string? problem = null;
        RunSpec? spec = null, written = null;
        RunData? data = null;
        int epochs = status.Epochs;
        var restoration = new Restoration(null, []);
        try
        {
            spec = written = services.Store.ReadSpec(run);
            data = services.Store.ReadData(run);
            if (request?.Sets is { Count: > 0 } sets && ResumeCheck.Revise(services.Store, run, status, sets).Spec is { } revised)
                (spec, epochs) = (revised, revised.Train.Epochs);
            if (request?.Trainers is { } trainers)
                spec = spec with { Train = spec.Train.WithTrainers(trainers) };
            restoration = services.Checkpoints.RestoreNewest(run, spec, journal.Last, fence.Generation);
            problem = FindProblem(directory, status, spec, restoration, request);
        }
        catch (SpecException e)
        {
            problem = $"{directory.Spec}: {e.Message}";
        }
        catch (FileNotFoundException)
        {
            problem = RunStore.NoSpec(directory);
        }
        catch (InvalidDataException e)
        {
            problem = e.Message;
        }

        journal.ClipNorm = spec?.Train.ClipNorm;

        var restored = restoration.Newest;
        var published = new PublishedEvents(directory.Metrics, restored?.State.LastEvent ?? 0, spec?.Train.ShardCount ?? 0);
        problem ??= published.Problem;

        // Not before it is certain that the run continues with it.
        if (problem is null && spec != written)
            services.Store.Write(spec!, fence);
        var begun = problem is null
            ? StatusAt(status with { Epochs = epochs, Data = data?.Description?.Summary ?? status.Data }, spec!, restored) : status;
        var progress = new RunProgress(begun, fence, journal, published, services.Store, services.Time);

        // The request to resume is kept from now on, whatever dies: the supervisors see it.
        if (problem is null && request is not null)
            progress.WriteStatus();
        string[] passedOver = [.. restoration.PassedOver.Select(one => one.ToString())];
        return new(spec, fence, progress, restored, passedOver, end, problem) { Data = data };
    }

    /// <summary>Why a run cannot continue with what was found of it, in words; null when it can.</summary>
    /// <exception cref="InvalidDataException">The run is a fork, and no file says of which state.</exception>
    internal static string? FindProblem(
        RunDirectory directory, RunStatus status, RunSpec spec, Restoration restoration, ResumeRequest? request) =>
        NoBirth(directory, status, restoration) ?? FormerEngine.FindProblem(status, spec, restoration.Newest)
            ?? Refusal(restoration, request);

    /// <summary>
    /// A run that has saved nothing begins with its initial state, which is a function of its spec. One that has, and of which nothing is
    /// whole, does not begin again by itself: that may throw away weeks.
    /// </summary>
    private static string? Refusal(Restoration restoration, ResumeRequest? request) =>
        restoration.Newest is not null || restoration.NothingWasSaved || request is { FromStart: true } ? null
        : $"none of its checkpoints can be used: {string.Join("; ", restoration.PassedOver)}; put one back and resume the run, or begin " +
            "again with 'tbptt resume --from-start'";

    /// <summary>A run that was forked has no state to begin with but that of its first checkpoint.</summary>
    private static string? NoBirth(RunDirectory run, RunStatus status, Restoration restoration) =>
        restoration.Newest is null && run.FindFork(status) is { } fork
            ? $"none of its checkpoints can be used, of which the first has the state of {fork}: "
                + (restoration.NothingWasSaved ? "found none" : string.Join("; ", restoration.PassedOver))
                + "; put one back and resume the run, or fork that run again"
            : null;

    private static RunStatus StatusAt(RunStatus status, RunSpec spec, RestoredCheckpoint? restored) => status with
    {
        // A status that was rebuilt may not know them, and its warning is out of date once it is written again.
        Name = spec.Name,
        Epochs = status.Epochs > 0 ? status.Epochs : spec.Train.Epochs,
        Warning = "",
        Step = restored?.State.Step ?? spec.Extends?.Step ?? 0,
        StepsBefore = status.Fork?.Step ?? spec.Extends?.Step ?? 0,
        Epoch = Math.Min((restored?.State.Epoch ?? 0) + 1, status.Epochs > 0 ? status.Epochs : spec.Train.Epochs),
        EpochStep = restored?.State.Chunk ?? 0,
        SequenceSteps = restored?.State.SequenceSteps ?? 0,

        // Time passed after the checkpoint, too.
        TrainedSeconds = restored is null ? 0 : Math.Max(restored.State.TrainedSeconds, status.TrainedSeconds),
        EpochLosses = restored?.State.EpochLosses ?? [],
        ValidationLosses = restored?.State.ValidationLosses ?? [],
        Metrics = restored?.State.Metrics ?? [],
        HeldOut = restored?.State.HeldOut,
        Test = null,
        Output = null,
        StateHash = null,
        Arithmetic = restored is null ? "" : FormerEngine.ArithmeticOf(status),
        CheckpointStep = restored?.State.Step,
        Audit = status.Audit is { CleanStep: { } clean } audit ? audit with { CleanStep = CleanStepAt(clean, restored) } : status.Audit,
        Loss = null,
    };

    /// <summary>Steps that are computed again are not audited yet.</summary>
    private static long? CleanStepAt(long clean, RestoredCheckpoint? restored) =>
        restored is { State.Step: > 0 and var step } ? Math.Min(clean, step) : null;
}
