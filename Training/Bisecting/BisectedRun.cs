using System.Text.Json;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>One of two runs that are compared: what it published, the states that it kept, and its states computed again.</summary>
public sealed class BisectedRun : IDisposable
{
    private readonly Dictionary<long, (CheckpointName Name, StateHash Hash)?> _held = [];
    private bool _isCounted;

    private BisectedRun(RunDirectory run, RunStatus status, string text, RunSpec spec, RunFork? fork) =>
        (Run, Status, SpecText, Spec, Fork) = (run, status, text, spec, fork);

    /// <summary>The run.</summary>
    public RunDirectory Run { get; }

    /// <summary>Its status.</summary>
    public RunStatus Status { get; }

    /// <summary>The text of its <c>spec.yaml</c>.</summary>
    public string SpecText { get; }

    /// <summary>Its spec.</summary>
    public RunSpec Spec { get; }

    /// <summary>Which state of which other run it began with; null for its own.</summary>
    public RunFork? Fork { get; }

    /// <summary>The data that it was born with; empty where nothing says so.</summary>
    public IReadOnlyList<DataFile> Files { get; private init; } = [];

    /// <summary>Computes its states again; null where that cannot be done here.</summary>
    public RunReplay? Replay { get; private init; }

    /// <summary>Why its states cannot be computed again here, and what to do; null where they can.</summary>
    public string? Problem { get; private init; }

    /// <summary>The first state that it had.</summary>
    public long FirstStep => Fork?.Step ?? Spec.Extends?.Step ?? 0;

    /// <summary>How often its steps were computed from a checkpoint, or from its first state, on.</summary>
    public int Replays { get; private set; }

    /// <summary>
    /// The last step of which the state that the run published or kept is known to be that of the other run. It need not be right.
    /// </summary>
    internal long LastEqual { get; set; }

    /// <summary>Steps that were computed.</summary>
    public long Computed { get; private set; }

    /// <summary>The steps of its checkpoints, whole or not.</summary>
    public IReadOnlyList<long> HeldSteps => [.. CheckpointName.In(Run.Checkpoints).Select(name => name.Step).Distinct().Order()];

    /// <summary>Opens a run, and its data where they are at hand.</summary>
    /// <param name="run">The run's directory, which may be a copy.</param>
    /// <param name="options">How it is computed again.</param>
    /// <exception cref="ReplayException">It has no spec or no status that can be read.</exception>
    public static BisectedRun Open(RunDirectory run, ReplayOptions options)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(options);
        try
        {
            string text = File.ReadAllText(run.Spec);
            var document = options.Reader.Parse(new(text, run.Spec, run.Path), filesMustExist: false);
            var (spec, status) = (document.Spec ?? throw new SpecException(document.Problems), run.ReadStatus()!);
            var (replay, problem) = OpenReplay(run, options);
            return new(run, status, text, spec, run.FindFork(status))
            {
                Replay = replay, Problem = problem,
                Files = File.Exists(run.Data) ? RunJson.ReadData(File.ReadAllText(run.Data)).Files : [],
            };
        }
        catch (Exception error) when (error is SpecException or JsonException or InvalidDataException or IOException
            or UnauthorizedAccessException)
        {
            throw new ReplayException($"run {run.Id} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Whether both were born with files of the same content, in the same order.</summary>
    public static bool HaveSameFiles(BisectedRun a, BisectedRun b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return a.Files.Select(file => (file.Length, file.Sha256)).SequenceEqual(b.Files.Select(file => (file.Length, file.Sha256)));
    }

    /// <summary>The state of a checkpoint, by its hash; null where the run has no whole one of that step.</summary>
    internal (CheckpointName Name, StateHash Hash)? Held(long step)
    {
        if (!_held.TryGetValue(step, out var held))
            _held[step] = held = ReadHeld(step);
        return held;
    }

    /// <summary>The steps that it published behind one, in order.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    internal IEnumerable<StepCommitted> PublishedAfter(long step) => PublishedSteps.From(Run, step + 1);

    /// <summary>The hash of the state that the run ended with, where that is S(step).</summary>
    internal StateHash? EndAt(long step) => Status.HasEnded && Status.Step == step ? Status.StateHash : null;

    /// <summary>The hash of S(step) as the run published it, else of its checkpoint; null where neither is there.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    internal StateHash? Known(long step) =>
        PublishedSteps.Between(Run, step, step) is [{ StateHash: { } published }, ..] ? published : Held(step)?.Hash;

    /// <summary>
    /// The hash of S(step) as the run had it: as published, else of a checkpoint; as computed again where neither is there.
    /// </summary>
    /// <returns>Null where nothing says it and it cannot be computed.</returns>
    internal StateHash? HashAt(long step, CancellationToken cancellation)
    {
        if (Known(step) is { } known)
            return known;
        if (Replay is null)
            return null;
        To(step, cancellation);
        return Replay.State.Hash();
    }

    /// <summary>Goes to S(step), from the nearest whole checkpoint before it.</summary>
    /// <exception cref="ReplayException">The run has no such state, or it cannot be computed.</exception>
    internal void To(long step, CancellationToken cancellation)
    {
        _isCounted = false;
        Replay!.To(step, EpochEnd.Any, _ => Count(), cancellation);
    }

    /// <summary>Computes the next step, or the next round of local steps.</summary>
    internal IReadOnlyList<ReplayedStep> ComputeNext(CancellationToken cancellation)
    {
        var steps = Replay!.ComputeNext(cancellation);
        foreach (var _ in steps)
            Count();
        return steps;
    }

    /// <inheritdoc/>
    public void Dispose() => Replay?.Dispose();

    private void Count()
    {
        Computed++;
        if (_isCounted)
            return;
        _isCounted = true;
        Replays++;
    }

    private static (RunReplay?, string?) OpenReplay(RunDirectory run, ReplayOptions options)
    {
        try
        {
            return (RunReplay.Open(run, options), null);
        }
        catch (ReplayException problem)
        {
            return (null, problem.Message);
        }
    }

    private (CheckpointName, StateHash)? ReadHeld(long step)
    {
        foreach (var name in CheckpointName.In(Run.Checkpoints).Where(name => name.Step == step).OrderDescending())
        {
            if (!new CheckpointReader(Run, name).TryRead(Spec, out var restored, out _))
                continue;
            var state = TrainingState.Empty(Spec with { Train = Spec.Train with { Shards = restored.State.Shards } });
            state.Restore(restored.Snapshot);
            return (name, state.Hash());
        }

        return null;
    }
}
