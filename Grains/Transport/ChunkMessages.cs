using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>What trainers are asked about one chunk: to train on it, or to evaluate it. One of the tickets is null.</summary>
/// <param name="Training">The step's ticket.</param>
/// <param name="Evaluation">The evaluation chunk's ticket.</param>
/// <param name="Step">Committed steps that led to the parameters.</param>
/// <param name="HasOwn">Whether the parameters to evaluate are others than the committed ones: they go with the request.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ChunkWork")]
internal sealed record ChunkWork(
    [property: Id(0)] StepTicket? Training, [property: Id(1)] EvaluationTicket? Evaluation, [property: Id(2)] long Step,
    [property: Id(3)] bool HasOwn = false)
{
    /// <summary>The coordinator's generation.</summary>
    /// <exception cref="InvalidDataException">There is no ticket.</exception>
    public int Generation => Training?.Generation ?? Evaluation?.Generation ?? throw WithoutTicket();

    /// <summary>The ticket's parameters.</summary>
    /// <exception cref="InvalidDataException">There is no ticket.</exception>
    public GradientBuffer Parameters => Training?.Parameters ?? Evaluation?.Parameters ?? throw WithoutTicket();

    /// <summary>Whether it needs parameters: all but the later chunks of an evaluation do.</summary>
    public bool NeedsParameters => Evaluation is not { Chunk: > 0 };

    /// <summary>Whether it needs the committed parameters, which may be offered ahead of it.</summary>
    public bool NeedsCommitted => NeedsParameters && !HasOwn;

    /// <summary>The same with other parameters.</summary>
    public ChunkWork With(GradientBuffer parameters) => Training is not null
        ? this with { Training = Training with { Parameters = parameters } }
        : this with { Evaluation = Evaluation! with { Parameters = parameters } };

    private static InvalidDataException WithoutTicket() => new("found a request without a ticket");
}

/// <summary>Which trainers of a silo are asked.</summary>
/// <param name="Run">The run.</param>
/// <param name="Trainers">Trainers of the silo, in order.</param>
/// <param name="Places">Which of its lives each is in, <see cref="TrainerPlace.Number"/>.</param>
/// <param name="Of">How many trainers the run has.</param>
/// <param name="Shards">How many shards it has.</param>
/// <param name="Number">
/// Grows with every request of a coordinator, whichever way it takes. A request that arrives after a newer one is refused: one that lay in
/// a broken connection must not have a trainer work in memory that the answer to its repetition is being read from.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.ExchangeOrder")]
internal sealed record ChunkOrder(
    [property: Id(0)] RunId Run, [property: Id(1)] IReadOnlyList<int> Trainers, [property: Id(2)] IReadOnlyList<int> Places,
    [property: Id(3)] int Of, [property: Id(5)] int Shards, [property: Id(4)] long Number = 0)
{
    /// <summary>The nodes of the tree over the shards that the trainers' shards make up, in order.</summary>
    public IReadOnlyList<Subtree> Nodes()
    {
        var ranges = ShardRange.Split(Shards, Of);
        return PairwiseTree.Subtrees([.. Trainers.SelectMany(trainer => ranges[trainer].Shards)], Shards);
    }

    /// <summary>The nodes that each trainer's own shards make up, trainer by trainer.</summary>
    public IReadOnlyList<Subtree> NodesOfEach()
    {
        var ranges = ShardRange.Split(Shards, Of);
        return [.. Trainers.SelectMany(trainer => PairwiseTree.Subtrees([.. ranges[trainer].Shards], Shards))];
    }
}

/// <summary>A bucket of parameters.</summary>
/// <param name="Run">The run.</param>
/// <param name="Generation">The coordinator's generation.</param>
/// <param name="Step">Committed steps that led to them.</param>
/// <param name="Length">How many parameters the model has.</param>
/// <param name="Bucket">Which bucket, from 0.</param>
/// <param name="Values">The parameters of the bucket.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ParameterBucket")]
internal sealed record ParameterBucket(
    [property: Id(0)] RunId Run, [property: Id(1)] int Generation, [property: Id(2)] long Step, [property: Id(3)] int Length,
    [property: Id(4)] int Bucket, [property: Id(5)] GradientBuffer Values);

/// <summary>What a silo's trainers answer.</summary>
/// <param name="Replies">Each trainer's reply, in order; contributions without their gradient sums.</param>
/// <param name="Sums">
/// Where the model is small and every trainer contributed: the gradient sums of the tree's nodes that they make up, in order. Else empty.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.ExchangeReply")]
internal sealed record ChunkReply([property: Id(0)] IReadOnlyList<TrainerReply> Replies,
    [property: Id(1)] IReadOnlyList<GradientBuffer> Sums)
{
    /// <summary>Gives back the memory of a reply that nobody reads.</summary>
    public void Discard()
    {
        foreach (var contribution in Replies.OfType<Contribution>())
            contribution.Release();
        foreach (var sum in Sums)
            sum.Dispose();
    }
}

/// <summary>A bucket of the gradient sums of the tree's nodes that a silo's trainers make up, in order.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.SumBucket")]
internal sealed record SumBucket([property: Id(0)] IReadOnlyList<GradientBuffer> Sums);
