using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>Where a run stands in its life.</summary>
[GenerateSerializer, JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState
{
    /// <summary>Accepted; trainers are being placed.</summary>
    [JsonStringEnumMemberName("starting")] Starting,

    /// <summary>Training.</summary>
    [JsonStringEnumMemberName("running")] Running,

    /// <summary>Every epoch is done, or early stopping has ended the run, and the model is written.</summary>
    [JsonStringEnumMemberName("completed")] Completed,

    /// <summary>Ended by an error.</summary>
    [JsonStringEnumMemberName("failed")] Failed,

    /// <summary>Ended because somebody asked for it.</summary>
    [JsonStringEnumMemberName("stopped")] Stopped,

    /// <summary>Ended by a loss or a gradient that is not a finite number.</summary>
    [JsonStringEnumMemberName("diverged")] Diverged,

    /// <summary>Waiting for slots, or for a silo: nothing is lost, and it continues by itself.</summary>
    [JsonStringEnumMemberName("queued")] Queued,

    /// <summary>Somebody paused it: its state is in the run store, and it continues when somebody resumes it.</summary>
    [JsonStringEnumMemberName("paused")] Paused,
}

/// <summary>What a trainer is doing.</summary>
[GenerateSerializer, JsonConverter(typeof(JsonStringEnumConverter<TrainerState>))]
public enum TrainerState
{
    /// <summary>Being placed on a silo and given its lanes.</summary>
    [JsonStringEnumMemberName("placing")] Placing,

    /// <summary>Computing a chunk.</summary>
    [JsonStringEnumMemberName("training")] Training,

    /// <summary>Its contribution is in; waiting for the others and the commit.</summary>
    [JsonStringEnumMemberName("waiting")] Waiting,

    /// <summary>Computing a chunk of the validation sequences.</summary>
    [JsonStringEnumMemberName("evaluating")] Evaluating,

    /// <summary>Lost with its silo, or failed; to be placed again.</summary>
    [JsonStringEnumMemberName("lost")] Lost,

    /// <summary>Released; the run has ended.</summary>
    [JsonStringEnumMemberName("released")] Released,

    /// <summary>Computing a chunk for much longer than the others, but not for so long that it is taken for lost.</summary>
    [JsonStringEnumMemberName("late")] Late,
}

/// <summary>One trainer of a run as people watch it.</summary>
/// <param name="Index">Its place among the trainers, from 0.</param>
/// <param name="FirstLane">The first of its lanes.</param>
/// <param name="Lanes">How many contiguous lanes it has.</param>
/// <param name="Silo">The silo it lives on, name, address and process id; empty until placed.</param>
/// <param name="Device">The device its replica computes on; empty until placed.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Place">How often it was placed elsewhere, from 0: <see cref="Protocol.TrainerPlace.Number"/>.</param>
/// <param name="Engine">The word of the engine that computes there; empty until placed.</param>
/// <param name="FirstShard">The first of its shards.</param>
/// <param name="Shards">How many contiguous shards it works on; 0 in a status of a former release.</param>
/// <param name="Arithmetic">
/// What its bits are a function of besides spec and data; empty until placed, and in a status of a former release.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.TrainerStatus")]
public sealed record TrainerStatus(
    [property: Id(0)] int Index, [property: Id(1)] int FirstLane, [property: Id(2)] int Lanes,
    [property: Id(3)] string Silo, [property: Id(4)] string Device, [property: Id(5)] TrainerState State, [property: Id(6)] int Place = 0,
    [property: Id(7)] string Engine = "", [property: Id(8)] int FirstShard = 0, [property: Id(9)] int Shards = 0,
    [property: Id(10)] string Arithmetic = "");

/// <summary>The state of a run at one moment: what <c>status.json</c> holds and what a coordinator answers.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.RunStatus")]
public sealed record RunStatus
{
    /// <summary>The run's id.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The spec's name.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>Where it stands.</summary>
    [Id(2)] public required RunState State { get; init; }

    /// <summary>
    /// In words, why it ended, was paused or waits; empty while it runs, and when it completed without ending before its last epoch.
    /// </summary>
    [Id(3)] public string Message { get; init; } = "";

    /// <summary>The coordinator's generation, from 1.</summary>
    [Id(4)] public int Generation { get; init; }

    /// <summary>The epoch being trained, from 1; the last one when the run has ended.</summary>
    [Id(5)] public int Epoch { get; init; }

    /// <summary>Epochs of the whole run.</summary>
    [Id(6)] public required int Epochs { get; init; }

    /// <summary>Committed steps of the run, those that led to where it began included.</summary>
    [Id(7)] public long Step { get; init; }

    /// <summary>
    /// Steps of the epoch being trained; 0 until the data are open. Shuffled sequences of unlike lengths can make it vary.
    /// </summary>
    [Id(8)] public long StepsPerEpoch { get; init; }

    /// <summary>Sequence steps (time steps × lanes that were not idle) trained on so far.</summary>
    [Id(9)] public long SequenceSteps { get; init; }

    /// <summary>Steps per second over the last seconds.</summary>
    [Id(10)] public double StepsPerSecond { get; init; }

    /// <summary>Sequence steps per second over the last seconds.</summary>
    [Id(11)] public double SequenceStepsPerSecond { get; init; }

    /// <summary>The loss of the last committed step; null before the first and when it is not finite.</summary>
    [Id(12)] public double? Loss { get; init; }

    /// <summary>The mean training loss of each finished epoch.</summary>
    [Id(13)] public IReadOnlyList<double> EpochLosses { get; init; } = [];

    /// <summary>The validation loss of each finished epoch; empty when nothing is held out.</summary>
    [Id(14)] public IReadOnlyList<double> ValidationLosses { get; init; } = [];

    /// <summary>What the last epoch's losses mean in the data's own units.</summary>
    [Id(15)] public IReadOnlyList<Metric> Metrics { get; init; } = [];

    /// <summary>The trainers, in order.</summary>
    [Id(16)] public IReadOnlyList<TrainerStatus> Trainers { get; init; } = [];

    /// <summary>Elements of the model.</summary>
    [Id(17)] public long Parameters { get; init; }

    /// <summary>The run's directory, as the silos see it.</summary>
    [Id(18)] public string Directory { get; init; } = "";

    /// <summary>When the run was submitted.</summary>
    [Id(19)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>When this status was taken.</summary>
    [Id(20)] public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When the run ended; null while it is not over.</summary>
    [Id(21)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The number of the last event; 0 before the first.</summary>
    [Id(22)] public long LastEvent { get; init; }

    /// <summary>Committed steps of the epoch being trained.</summary>
    [Id(23)] public long EpochStep { get; init; }

    /// <summary>Where slots are scarce, runs of higher priority go first.</summary>
    [Id(24)] public int Priority { get; init; }

    /// <summary>The cluster whose silos see to it that the run continues.</summary>
    [Id(25)] public string Cluster { get; init; } = "";

    /// <summary>The step of the newest checkpoint; null before the first.</summary>
    [Id(26)] public long? CheckpointStep { get; init; }

    /// <summary>
    /// What is wrong while the run continues nevertheless, such as that checkpoints cannot be written; empty when all is well.
    /// </summary>
    [Id(27)] public string Warning { get; init; } = "";

    /// <summary>How many runs are before it in the queue for slots; 0 for the next one, and for a run that does not wait.</summary>
    [Id(28)] public int QueuePosition { get; init; }

    /// <summary>What computes the trainers' passes, and why; empty until they are placed.</summary>
    [Id(29)] public string Engine { get; init; } = "";

    /// <summary>
    /// The span of its submission, a W3C <c>traceparent</c>, for the spans of its epochs to be linked to; empty where nobody traced it.
    /// </summary>
    [Id(30)] public string Trace { get; init; } = "";

    /// <summary>What the run reads, in one line; <c>data.json</c> has all of it. Empty where a former release submitted the run.</summary>
    [Id(31)] public string Data { get; init; } = "";

    /// <summary>What the validation of the last finished epoch is over; null, and not written, where there was none.</summary>
    [Id(32), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public HeldOutSize? HeldOut { get; init; }

    /// <summary>What the test at the end of the run gave; null, and not written, before it, and for a run without one.</summary>
    [Id(33), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public TestFigures? Test { get; init; }

    /// <summary>
    /// Of a run that extends another one, or was forked from it, the steps that led to where it began; 0, and not written, for any other.
    /// </summary>
    [Id(34), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long StepsBefore { get; init; }

    /// <summary>Seconds that the run has been trained for, where its spec limits them; 0, and not written, otherwise.</summary>
    [Id(35), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double TrainedSeconds { get; init; }

    /// <summary>
    /// Which parameters the run has left as its model; null, and not written, before its end, and where they are those after the last step.
    /// </summary>
    [Id(36), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ModelOutput? Output { get; init; }

    /// <summary>
    /// What the run's bits are a function of besides its spec and data: a version of the fused engine, or that of libtorch and the type of
    /// processor, of each kind that its trainers have had. Empty until they are placed, and in a status of a former release.
    /// </summary>
    [Id(37)] public string Arithmetic { get; init; } = "";

    /// <summary>The hash of the state that the run ended with; null, and not written, before.</summary>
    [Id(38), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public StateHash? StateHash { get; init; }

    /// <summary>What was computed again on another silo; null, and not written, where nothing was.</summary>
    [Id(39), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public AuditStatus? Audit { get; init; }

    /// <summary>Which state of which other run it began with; null, and not written, for a run that began with its own.</summary>
    [Id(45), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public RunFork? Fork { get; init; }

    /// <summary>The sweep whose trial the run is; empty, and not written, for a run that is none.</summary>
    [Id(40), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sweep { get; init; }

    /// <summary>The shards of the run, over which its trainers are divided; 0 until the trainers are known.</summary>
    [JsonIgnore] public int Shards => Trainers.Sum(trainer => trainer.Shards);

    /// <summary>Steps that the run itself has committed.</summary>
    [JsonIgnore] public long OwnSteps => Step - StepsBefore;

    /// <summary>The mean training loss of the last finished epoch; null before the first.</summary>
    [JsonIgnore] public double? LastEpochLoss => EpochLosses.Count > 0 ? EpochLosses[^1] : null;

    /// <summary>The losses that early stopping goes by: of validation, or of training where nothing is held out.</summary>
    [JsonIgnore] public IReadOnlyList<double> Losses => ValidationLosses.Count > 0 ? ValidationLosses : EpochLosses;

    /// <summary>The lowest finite validation loss of a finished epoch; null where there is none.</summary>
    [JsonIgnore] public double? BestValidationLoss => ValidationLosses.Where(double.IsFinite).Select(loss => (double?)loss).Min();

    /// <summary>
    /// Whether the run waits for rows of the file that it follows, as <see cref="Message"/> says; its trainers keep their slots.
    /// </summary>
    [JsonIgnore] public bool WaitsForRows => State == RunState.Running && Message.Length > 0;

    /// <summary>Whether the run has ended, one way or another. A paused run has not.</summary>
    [JsonIgnore] public bool HasEnded => State is RunState.Completed or RunState.Failed or RunState.Stopped or RunState.Diverged;
}
