using Orleans.Concurrency;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Protocol;

/// <summary>A trainer: works on one or more shards of a run. Its key is the trainer's index and a <see cref="TrainerPlace"/>.</summary>
/// <remarks>
/// A trainer answers only its run's coordinator, and only the newest generation that it has met: a ticket of an older one is refused.
/// </remarks>
[Alias("tbptt.ITrainerGrain")]
public interface ITrainerGrain : IGrainWithIntegerCompoundKey
{
    /// <summary>
    /// Gives the trainer its shards and puts it at a committed state. Opens the data and makes the replica where there is none yet.
    /// </summary>
    [Alias("Assign"), ResponseTimeout("00:10:00")]
    Task<TrainerReply> Assign(ShardAssignment assignment);

    /// <summary>One chunk: forward, backward, hidden state carried.</summary>
    [Alias("TrainChunk"), ResponseTimeout("00:10:00")]
    Task<TrainerReply> TrainChunk(StepTicket ticket);

    /// <summary>
    /// A round of steps that the trainer makes by itself. May last long, so other calls get their turn meanwhile: a newer generation, a
    /// release, or <see cref="GiveUpRound"/> ends it before its next chunk.
    /// </summary>
    [Alias("TrainRound"), AlwaysInterleave, ResponseTimeout("01:00:00")]
    Task<TrainerReply> TrainRound(RoundTicket ticket);

    /// <summary>
    /// Another trainer was lost in a round, which is run again: the trainer need not continue it. Nothing else is changed.
    /// </summary>
    /// <param name="generation">The round's generation.</param>
    /// <param name="step">Committed steps before the round.</param>
    [Alias("GiveUpRound"), AlwaysInterleave, OneWay]
    Task GiveUpRound(int generation, long step);

    /// <summary>One chunk of the held-out sequences, forward only.</summary>
    [Alias("EvaluateChunk"), ResponseTimeout("00:10:00")]
    Task<TrainerReply> EvaluateChunk(EvaluationTicket ticket);

    /// <summary>The largest gradient of each of its shards, of the chunk trained on last: <see cref="LargestGradients"/>.</summary>
    /// <param name="generation">The coordinator's generation.</param>
    /// <param name="step">Committed steps before that chunk.</param>
    [Alias("FindLargest")]
    Task<TrainerReply> FindLargest(int generation, long step);

    /// <summary>
    /// The run still uses the trainer. Steps reach it without a message to its grain, which Orleans would take for idle, and end.
    /// </summary>
    [Alias("KeepAlive"), AlwaysInterleave, OneWay]
    Task KeepAlive();

    /// <summary>The run has ended: gives back replica, data and thread. A release of an older generation does nothing.</summary>
    [Alias("Release")]
    Task Release(int generation);
}

/// <summary>A trainer's shards and the committed state it starts from.</summary>
/// <param name="Run">The run.</param>
/// <param name="Generation">The coordinator's generation.</param>
/// <param name="Spec">The run's spec, every size known.</param>
/// <param name="FirstShard">The first shard.</param>
/// <param name="Shards">How many shards.</param>
/// <param name="Step">Committed steps.</param>
/// <param name="Hidden">The hidden state after them of the shards' lanes.</param>
/// <param name="Files">The data as the coordinator sees them; a trainer that sees others refuses.</param>
/// <param name="Optimizers">
/// Where trainers make rounds of local steps, the state of each shard's inner optimizer; null otherwise.
/// </param>
/// <param name="IsSpare">
/// Whether the trainer is a spare one, which computes what another one computes: it takes no slot, and its silo does not wait for it.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.ShardAssignment")]
public sealed record ShardAssignment(
    [property: Id(0)] RunId Run, [property: Id(1)] int Generation, [property: Id(2)] RunSpec Spec, [property: Id(3)] int FirstShard,
    [property: Id(4)] int Shards, [property: Id(5)] long Step, [property: Id(6)] GradientBuffer Hidden,
    [property: Id(7)] IReadOnlyList<DataFile> Files, [property: Id(8)] IReadOnlyList<OptimizerState>? Optimizers = null,
    [property: Id(9)] bool IsSpare = false);

/// <summary>Asks for one step's contribution.</summary>
/// <param name="Generation">The coordinator's generation.</param>
/// <param name="Step">Committed steps before this one.</param>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Chunk">The chunk's place in the epoch's plan, from 0.</param>
/// <param name="Parameters">The parameters after <paramref name="Step"/> steps.</param>
[GenerateSerializer, Immutable, Alias("tbptt.StepTicket")]
public sealed record StepTicket(
    [property: Id(0)] int Generation, [property: Id(1)] long Step, [property: Id(2)] int Epoch, [property: Id(3)] long Chunk,
    [property: Id(4)] GradientBuffer Parameters);

/// <summary>Asks for the loss of one chunk of the held-out sequences. Chunks come in order, from 0.</summary>
/// <param name="Generation">The coordinator's generation.</param>
/// <param name="Chunk">The chunk's place in the evaluation's plan.</param>
/// <param name="Parameters">The parameters; empty after chunk 0, which keeps those.</param>
/// <param name="Part">The part that is held out.</param>
[GenerateSerializer, Immutable, Alias("tbptt.EvaluationTicket")]
public sealed record EvaluationTicket(
    [property: Id(0)] int Generation, [property: Id(1)] long Chunk, [property: Id(2)] GradientBuffer Parameters,
    [property: Id(3)] HeldOutPart Part = HeldOutPart.Validation);

/// <summary>What a trainer answers. A failure that the protocol foresees is an answer; only a bug throws.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.TrainerReply")]
public abstract record TrainerReply;

/// <summary>The trainer has its shards.</summary>
/// <param name="Silo">The silo it lives on: name, address and process id.</param>
/// <param name="Device">The device its replica computes on.</param>
/// <param name="Address">The silo's address as Orleans writes it.</param>
/// <param name="Engine">The word of the engine that computes there, never <c>auto</c>.</param>
/// <param name="Arithmetic">
/// What its bits are a function of besides spec and data, as the replica says; empty from a former release.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.TrainerReady")]
public sealed record TrainerReady(
    [property: Id(0)] string Silo, [property: Id(1)] string Device, [property: Id(2)] string Address, [property: Id(3)] string Engine,
    [property: Id(4)] string Arithmetic = "") : TrainerReply;

/// <summary>What a trainer gives to a step.</summary>
/// <param name="GradientSums">
/// Gradient of the loss <b>sum</b> over the lanes of each node of the tree that its shards make up, in order. The coordinator may sum in
/// it.
/// </param>
/// <param name="Hidden">The new hidden state of its lanes.</param>
/// <param name="LossSums">The loss of each shard, summed over its elements.</param>
/// <param name="Weights">Each shard's elements; 0 when every lane was idle.</param>
/// <param name="Leaving">Whether its silo is about to end: the trainer wants another place before the next step.</param>
[GenerateSerializer, Immutable, Alias("tbptt.Contribution")]
public sealed record Contribution(
    [property: Id(1)] IReadOnlyList<GradientBuffer> GradientSums, [property: Id(2)] GradientBuffer Hidden,
    [property: Id(3)] IReadOnlyList<double> LossSums, [property: Id(4)] IReadOnlyList<double> Weights,
    [property: Id(5)] bool Leaving = false) : TrainerReply
{
    /// <summary>What a trainer of one shard gives.</summary>
    public Contribution(GradientBuffer gradientSum, GradientBuffer hidden, double lossSum, double weight)
        : this([gradientSum], hidden, [lossSum], [weight])
    {
    }

    /// <summary>Gives rented memory back.</summary>
    public void Release()
    {
        foreach (var sum in GradientSums)
            sum.Dispose();
        Hidden.Dispose();
    }
}

/// <summary>The element of a shard's gradient that has the largest magnitude.</summary>
/// <param name="Value">The element.</param>
/// <param name="At">Its place in the flat gradient.</param>
[GenerateSerializer, Immutable, Alias("tbptt.GradientExtreme")]
public readonly record struct GradientExtreme([property: Id(0)] float Value, [property: Id(1)] int At);

/// <summary>The largest gradient of each of a trainer's shards, in order.</summary>
/// <param name="Shards">The elements.</param>
[GenerateSerializer, Immutable, Alias("tbptt.LargestGradients")]
public sealed record LargestGradients([property: Id(0)] IReadOnlyList<GradientExtreme> Shards) : TrainerReply;

/// <summary>What a trainer gives to an evaluation.</summary>
/// <param name="LossSums">The loss of each shard, summed over its elements of the chunk.</param>
/// <param name="Weights">Each shard's elements.</param>
/// <param name="Leaving">Whether its silo is about to end: the trainer wants another place.</param>
/// <param name="Sums">
/// With the last chunk, what metrics need of all chunks; null with the others, and where targets are classes.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.EvaluationResult")]
public sealed record EvaluationResult(
    [property: Id(0)] IReadOnlyList<double> LossSums, [property: Id(1)] IReadOnlyList<double> Weights,
    [property: Id(2)] bool Leaving = false,
    [property: Id(3)] EvaluatedGroups? Sums = null) : TrainerReply;

/// <summary>What a trainer has summed up of the groups of time steps that an evaluation keeps apart.</summary>
/// <param name="Groups">The groups: series, or lanes of the run. No other trainer has any of them.</param>
/// <param name="Values">Sums in float64 of each of them, in the same order.</param>
[GenerateSerializer, Immutable, Alias("tbptt.EvaluatedGroups")]
public sealed record EvaluatedGroups([property: Id(0)] IReadOnlyList<int> Groups, [property: Id(1)] IReadOnlyList<double> Values);

/// <summary>The trainer cannot take the ticket as things are: it has no lanes, stands elsewhere, or has met a newer generation.</summary>
/// <param name="Reason">In words.</param>
/// <param name="NewestGeneration">The newest generation it has met; 0 when it has no lanes.</param>
[GenerateSerializer, Immutable, Alias("tbptt.Refusal")]
public sealed record Refusal([property: Id(0)] string Reason, [property: Id(1)] int NewestGeneration) : TrainerReply;

/// <summary>The trainer's work failed: the data cannot be read, the device is not there, memory ran out.</summary>
/// <param name="Message">In words, with the silo's name.</param>
[GenerateSerializer, Immutable, Alias("tbptt.TrainerFault")]
public sealed record TrainerFault([property: Id(0)] string Message) : TrainerReply;
