using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>What a checkpoint says in addition to its tensors: its <c>state.json</c>.</summary>
/// <remarks>
/// The code that takes a checkpoint fills in what is <see langword="required"/>; the rest comes from the spec, the committed state and the
/// files when it is written.
/// </remarks>
public sealed record CheckpointState
{
    /// <summary>The run.</summary>
    [JsonRequired] public string Run { get; init; } = "";

    /// <summary>
    /// The coordinator's generation when the state was taken; the one in the directory's name is that of the moment it was finished.
    /// </summary>
    [JsonRequired] public required int Generation { get; init; }

    /// <summary>Committed steps of the run.</summary>
    [JsonRequired] public long Step { get; init; }

    /// <summary>The epoch of the next step, from 0; the number of epochs when all are done.</summary>
    [JsonRequired] public required int Epoch { get; init; }

    /// <summary>
    /// The next chunk to train of that epoch, from 0. At the epoch's number of steps, its evaluation and its end are still to come.
    /// </summary>
    [JsonRequired] public required long Chunk { get; init; }

    /// <summary>Training loss summed over the elements of the epoch so far.</summary>
    [JsonRequired] public double EpochLossSum { get; init; }

    /// <summary>Elements of the epoch so far.</summary>
    [JsonRequired] public double EpochWeight { get; init; }

    /// <summary>Updates that the optimizer has made.</summary>
    [JsonRequired] public long OptimizerCount { get; init; }

    /// <summary>Updates of the run where the gradients of several chunks make one; 0, and not written, otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long Updates { get; init; }

    /// <summary>
    /// Elements of the gradients that are summed for the next update, <c>gradient_sum</c> in the optimizer's file; 0, and not written,
    /// where there are none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double GradientWeight { get; init; }

    /// <summary>
    /// Updates that the average of the parameters is over, <c>average</c> in the optimizer's file; 0, and not written, where it has not
    /// begun.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long AverageCount { get; init; }

    /// <summary>
    /// Updates that each shard's inner optimizer has made, in order of shard; empty where trainers make no local steps.
    /// </summary>
    public IReadOnlyList<long> TrainerUpdates { get; init; } = [];

    /// <summary>Sequence steps trained on so far.</summary>
    [JsonRequired] public required long SequenceSteps { get; init; }

    /// <summary>
    /// Seconds that the run had been trained for, where its spec limits them; 0, and not written, otherwise.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public double TrainedSeconds { get; init; }

    /// <summary>
    /// The number of the last event in the journal when the state was taken; that event is on the disk before the checkpoint counts.
    /// </summary>
    [JsonRequired] public required long LastEvent { get; init; }

    /// <summary>The mean training loss of each finished epoch.</summary>
    [JsonRequired] public required IReadOnlyList<double> EpochLosses { get; init; }

    /// <summary>The validation loss of each finished epoch; empty when nothing is held out.</summary>
    [JsonRequired] public required IReadOnlyList<double> ValidationLosses { get; init; }

    /// <summary>
    /// The losses that schedules and early stopping go by: of validation, or of training where nothing is held out.
    /// </summary>
    [JsonIgnore] public IReadOnlyList<double> Losses => ValidationLosses.Count > 0 ? ValidationLosses : EpochLosses;

    /// <summary>What the last epoch's losses mean in the data's own units.</summary>
    [JsonRequired] public required IReadOnlyList<Metric> Metrics { get; init; }

    /// <summary>What the last epoch's validation was over; null, and not written, where there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public HeldOutSize? HeldOut { get; init; }

    /// <summary>
    /// The loss by which it ranks among the best, lowest first: that of the epoch which has just ended, of validation if there is one. Null
    /// for a state that was not taken at an epoch's end.
    /// </summary>
    [JsonRequired] public double? BestLoss { get; init; }

    /// <summary>
    /// Shards of the run when the state was taken; another number continues from it to the same result within rounding, or with local
    /// steps to another one. The file calls them trainers, because former releases had a trainer for each.
    /// </summary>
    [JsonRequired, JsonPropertyName("trainers")] public int Shards { get; init; }

    /// <summary>The kind of device that the trainers computed on, <c>cpu</c> or <c>cuda</c>.</summary>
    [JsonRequired] public required string Device { get; init; }

    /// <summary>The files that the run's data come from.</summary>
    [JsonRequired] public required IReadOnlyList<DataFile> Data { get; init; }

    /// <summary>What it was trained by: <see cref="Specs.Writing.SpecHash"/>.</summary>
    [JsonRequired] public string SpecHash { get; init; } = "";

    /// <summary>When it was written.</summary>
    [JsonRequired] public DateTimeOffset WrittenAt { get; init; }

    /// <summary>The other files of the checkpoint, by name.</summary>
    [JsonRequired] public IReadOnlyDictionary<string, FileSeal> Files { get; init; } = new Dictionary<string, FileSeal>();
}

/// <summary>What a file must be to be the one that was written.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">SHA-256 of its content, 64 lower-case hexadecimal digits.</param>
public sealed record FileSeal(long Length, string Sha256);
