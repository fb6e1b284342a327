using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Protocol;

/// <summary>Asks a trainer for a round of steps that it makes by itself.</summary>
/// <param name="Generation">The coordinator's generation.</param>
/// <param name="Step">Committed steps before the round.</param>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Chunk">The round's first chunk, its place in the epoch's plan, from 0.</param>
/// <param name="Chunks">Chunks of the round, all of this epoch.</param>
/// <param name="Parameters">The parameters after <paramref name="Step"/> steps.</param>
[GenerateSerializer, Immutable, Alias("tbptt.RoundTicket")]
public sealed record RoundTicket(
    [property: Id(0)] int Generation, [property: Id(1)] long Step, [property: Id(2)] int Epoch, [property: Id(3)] long Chunk,
    [property: Id(4)] int Chunks,
    [property: Id(5)] GradientBuffer Parameters);

/// <summary>What a trainer gives to a round.</summary>
/// <param name="Shards">What each of its shards gives, in order.</param>
/// <param name="Leaving">Whether its silo is about to end: the trainer wants another place before the next round.</param>
[GenerateSerializer, Immutable, Alias("tbptt.RoundContribution")]
public sealed record RoundContribution(
    [property: Id(1)] IReadOnlyList<ShardRound> Shards, [property: Id(7)] bool Leaving = false) : TrainerReply;

/// <summary>What a shard gives to a round.</summary>
/// <param name="DifferenceSum">
/// What the round has taken from each parameter, θ_start − θ_shard, times the elements the shard was trained on. The coordinator may
/// sum in it.
/// </param>
/// <param name="Hidden">The hidden state of its lanes after the round.</param>
/// <param name="LossSums">Each step's loss, summed over its elements.</param>
/// <param name="Weights">Each step's elements; 0 where every lane was idle.</param>
/// <param name="Optimizer">The state of its inner optimizer after the round.</param>
/// <param name="NotFinite">In words, what was not finite in the step after the last of <paramref name="LossSums"/>, with which the round
/// ended; null when all was.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ShardRound")]
public sealed record ShardRound(
    [property: Id(1)] GradientBuffer DifferenceSum, [property: Id(2)] GradientBuffer Hidden,
    [property: Id(3)] IReadOnlyList<double> LossSums, [property: Id(4)] IReadOnlyList<double> Weights,
    [property: Id(5)] OptimizerState Optimizer, [property: Id(6)] string? NotFinite = null)
{
    /// <summary>Gives rented memory back.</summary>
    public void Release()
    {
        DifferenceSum.Dispose();
        Hidden.Dispose();
        Optimizer.Release();
    }
}

/// <summary>The trainer has given up a round that nobody wants any more, and must be assigned anew.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.RoundGivenUp")]
public sealed record RoundGivenUp : TrainerReply;

/// <summary>The state of a shard's inner optimizer.</summary>
/// <param name="Count">Updates that it has made.</param>
/// <param name="Averages">Its running averages, in order, each as long as the parameters.</param>
[GenerateSerializer, Immutable, Alias("tbptt.OptimizerState")]
public sealed record OptimizerState([property: Id(0)] long Count, [property: Id(1)] IReadOnlyList<GradientBuffer> Averages)
{
    /// <summary>Gives rented memory back.</summary>
    public void Release()
    {
        foreach (var average in Averages)
            average.Dispose();
    }
}
