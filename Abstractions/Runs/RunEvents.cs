using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>
/// One line of <c>metrics.jsonl</c>, and of <c>--output json</c>: numbered from 1 without a gap.
/// </summary>
/// <remarks>A number that is not finite is written as null: JSON has no other word for it.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(RunStarted), "run")]
[JsonDerivedType(typeof(StepCommitted), "step")]
[JsonDerivedType(typeof(EpochFinished), "epoch")]
[JsonDerivedType(typeof(RunTested), "test")]
[JsonDerivedType(typeof(TrainersRecovered), "recovery")]
[JsonDerivedType(typeof(TrainersMoved), "move")]
[JsonDerivedType(typeof(TrainersResized), "resize")]
[JsonDerivedType(typeof(UnlikeBitsFound), "audit")]
[JsonDerivedType(typeof(CheckpointWritten), "checkpoint")]
[JsonDerivedType(typeof(RunPaused), "pause")]
[JsonDerivedType(typeof(RunHandedOver), "handover")]
[JsonDerivedType(typeof(RunWarning), "warning")]
[JsonDerivedType(typeof(RunEnded), "end")]
public abstract record RunEvent
{
    /// <summary>The event's number in the run, from 1.</summary>
    [JsonPropertyOrder(-2)] public long Number { get; init; }

    /// <summary>The coordinator's generation.</summary>
    [JsonPropertyOrder(-1)] public int Generation { get; init; }

    /// <summary>When it happened, by the clock of the coordinator's machine.</summary>
    [JsonPropertyOrder(-1)] public DateTimeOffset Time { get; init; }
}

/// <summary>A coordinator began to train: at the start, and again whenever the run was resumed or taken over.</summary>
public sealed record RunStarted : RunEvent
{
    /// <summary>The run's id.</summary>
    public required string Run { get; init; }

    /// <summary>The spec's name.</summary>
    public required string Name { get; init; }

    /// <summary>Epochs of the run.</summary>
    public required int Epochs { get; init; }

    /// <summary>Steps of the first epoch.</summary>
    public required long StepsPerEpoch { get; init; }

    /// <summary>Trainers of the run.</summary>
    public required int Trainers { get; init; }

    /// <summary>
    /// Shards of the run, over which gradients are summed; those of a run by a former release are as many as its trainers.
    /// </summary>
    public int Shards { get => field > 0 ? field : Trainers; init; }

    /// <summary>Lanes of the run.</summary>
    public required int Lanes { get; init; }

    /// <summary>Elements of the model.</summary>
    public required long Parameters { get; init; }

    /// <summary>The run's directory, as the silos see it.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// Committed steps that it starts from: those of <see cref="Checkpoint"/>. The steps after it that were published before are not
    /// published again.
    /// </summary>
    public long Step { get; init; }

    /// <summary>The name of the checkpoint that it starts from; null for the initial state.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Which state of which other run the run began with; null, and not written, for a run that began with its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RunFork? Fork { get; init; }

    /// <summary>Checkpoints that were passed over, each with what is wrong with it.</summary>
    public IReadOnlyList<string> PassedOver { get; init => field = value ?? []; } = [];

    /// <summary>What the run reads, in one line.</summary>
    public string Data { get; init => field = value ?? ""; } = "";
}

/// <summary>A step was committed.</summary>
public sealed record StepCommitted : RunEvent
{
    /// <summary>Committed steps of the run, this one included.</summary>
    public required long Step { get; init; }

    /// <summary>The epoch, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>
    /// Mean loss over the step's elements, before the update; within a round of local steps each trainer's at its own parameters. NaN,
    /// written as null, where all targets are masked.
    /// </summary>
    public required double Loss { get; init; }

    /// <summary>
    /// Global norm of the averaged gradient, before clipping. NaN, written as null, for a local step: nobody knows that average.
    /// </summary>
    public required double GradientNorm { get; init; }

    /// <summary>
    /// With the last step of a round of local steps, the global norm of the trainers' averaged difference, which the outer optimizer takes
    /// for its gradient. Null, and not written, otherwise.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public double? DifferenceNorm { get; init; }

    /// <summary>The learning rate of the update; of a local step, of the trainers' own updates.</summary>
    public required double LearningRate { get; init; }

    /// <summary>
    /// What the loss sum was divided by: elements, without masked ones, or another sum over them where the loss has one
    /// (<see cref="Specs.LossSpec.CountsElements"/>), as the energy of a signal. Where it is 0, the step made no update.
    /// </summary>
    public required double Weight { get; init; }

    /// <summary>Seconds from the first ticket to the commit; of a local step, its even share of its round's.</summary>
    public required double Seconds { get; init; }

    /// <summary>
    /// The hash of the state after the step; of a round of local steps, with its last one. Null, and not written, where
    /// <c>metrics.stateHash</c> is off, and in runs of former releases.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public StateHash? StateHash { get; init; }
}

/// <summary>An epoch was finished and, where sequences are held out, evaluated.</summary>
public sealed record EpochFinished : RunEvent
{
    /// <summary>The epoch, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Committed steps of the run so far.</summary>
    public required long Step { get; init; }

    /// <summary>Mean training loss over the epoch's elements.</summary>
    public required double Loss { get; init; }

    /// <summary>Mean loss over the held-out elements; null when nothing is held out.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>
    /// The losses, and the errors of each target, in the data's own units; of series those that <see cref="Metric.Series"/> names.
    /// </summary>
    public IReadOnlyList<Metric> Metrics { get; init => field = value ?? []; } = [];

    /// <summary>What the validation is over; null, and not written, where nothing is held out.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public HeldOutSize? HeldOut { get; init; }

    /// <summary>Seconds that the epoch took, evaluation included.</summary>
    public required double Seconds { get; init; }
}

/// <summary>All epochs are done, and the sequences of <c>data.test</c> were evaluated with the final parameters.</summary>
public sealed record RunTested : RunEvent
{
    /// <summary>Epochs of the run, all of them done.</summary>
    public required int Epoch { get; init; }

    /// <summary>Committed steps of the run.</summary>
    public required long Step { get; init; }

    /// <summary>Mean loss over the elements.</summary>
    public required double Loss { get; init; }

    /// <summary>The loss, and the errors of each target, in the data's own units, as of an epoch.</summary>
    public IReadOnlyList<Metric> Metrics { get; init => field = value ?? []; } = [];

    /// <summary>What it is over.</summary>
    public required HeldOutSize HeldOut { get; init; }

    /// <summary>Seconds that it took.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Trainers were lost, placed again, and the step run again.</summary>
public sealed record TrainersRecovered : RunEvent
{
    /// <summary>The step that was run again, or the first of the round that was.</summary>
    public required long Step { get; init; }

    /// <summary>Steps of the round of local steps that was run again; null, and not written, where it was one step.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Steps { get; init; }

    /// <summary>The trainers that were lost.</summary>
    public required IReadOnlyList<int> Trainers { get; init; }

    /// <summary>What happened to them.</summary>
    public required string Reason { get; init; }

    /// <summary>Seconds from the failure to all trainers in place.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Trainers went to other silos between two steps: a silo joined, or is about to end. No step was run again.</summary>
public sealed record TrainersMoved : RunEvent
{
    /// <summary>Committed steps so far.</summary>
    public required long Step { get; init; }

    /// <summary>The trainers that moved.</summary>
    public required IReadOnlyList<int> Trainers { get; init; }

    /// <summary>Why they did.</summary>
    public required string Reason { get; init; }

    /// <summary>Seconds that it took.</summary>
    public required double Seconds { get; init; }
}

/// <summary>The run's shards were divided among another number of trainers between two steps. No step was run again.</summary>
public sealed record TrainersResized : RunEvent
{
    /// <summary>Committed steps so far.</summary>
    public required long Step { get; init; }

    /// <summary>How many trainers there were.</summary>
    public required int Before { get; init; }

    /// <summary>How many there are from now on.</summary>
    public required int Trainers { get; init; }

    /// <summary>Who wanted it, or why.</summary>
    public required string Reason { get; init; }

    /// <summary>Seconds for which no step was made.</summary>
    public required double Seconds { get; init; }
}

/// <summary>
/// A step was computed again on another silo, and gave other bits: it was not committed with them, and is run again where it is known which
/// silo is wrong.
/// </summary>
public sealed record UnlikeBitsFound : RunEvent
{
    /// <summary>What was found.</summary>
    public required AuditFinding Finding { get; init; }
}

/// <summary>A committed state is on the disk.</summary>
public sealed record CheckpointWritten : RunEvent
{
    /// <summary>Its committed steps.</summary>
    public required long Step { get; init; }

    /// <summary>Its directory's name.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of all its files.</summary>
    public required long Bytes { get; init; }

    /// <summary>Seconds that the writing took, while training continued.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Somebody paused the run.</summary>
public sealed record RunPaused : RunEvent
{
    /// <summary>Committed steps so far.</summary>
    public required long Step { get; init; }

    /// <summary>Who paused it, or why.</summary>
    public required string Reason { get; init; }
}

/// <summary>
/// The coordinator's silo is about to end, and another one takes the run over: from this very step, if its checkpoint could be written.
/// </summary>
public sealed record RunHandedOver : RunEvent
{
    /// <summary>Committed steps so far.</summary>
    public required long Step { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }
}

/// <summary>Something is wrong, and the run continues nevertheless.</summary>
public sealed record RunWarning : RunEvent
{
    /// <summary>What is wrong, and what to do.</summary>
    public required string Message { get; init; }
}

/// <summary>The run ended. The last event, unless somebody resumes the run.</summary>
public sealed record RunEnded : RunEvent
{
    /// <summary>How it ended.</summary>
    public required RunState State { get; init; }

    /// <summary>Why, in words; empty when it completed without ending before its last epoch.</summary>
    public required string Message { get; init; }

    /// <summary>Committed steps of the run.</summary>
    public required long Step { get; init; }

    /// <summary>The model's file; null when none was written.</summary>
    public string? Model { get; init; }

    /// <summary>Seconds from submission to end.</summary>
    public required double Seconds { get; init; }
}
