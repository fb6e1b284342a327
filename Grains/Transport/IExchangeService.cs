using Orleans.Services;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>
/// A silo's end of the exchange with coordinators on other silos: its trainers of a run share one message of parameters a step, and what they
/// give is summed here as far as the tree over all trainers allows. One on each silo, reached by the silo's address.
/// </summary>
/// <remarks>
/// Small models travel in the tickets and replies themselves. Large ones come in buckets ahead of the ticket (<see cref="Offer"/>), and leave in
/// buckets behind the reply (<see cref="Collect"/>). Every call carries the coordinator's generation: of an older one than the run's newest here
/// nothing is taken.
/// </remarks>
[Alias("tbptt.IExchangeService")]
internal interface IExchangeService : IGrainService
{
    /// <summary>Lets a coordinator open a channel, over which steps go beside Orleans' messages; null where this silo takes none.</summary>
    [Alias("OpenChannel")]
    Task<ChannelOffer?> OpenChannel(RunId run);

    /// <summary>Takes a bucket of the parameters of S(step), in any order.</summary>
    [Alias("Offer"), ResponseTimeout("00:10:00")]
    Task Offer(ParameterBucket bucket);

    /// <summary>Has trainers of this silo train on a chunk. Parameters that the ticket does not hold have been or will be offered.</summary>
    [Alias("TrainChunk"), ResponseTimeout("00:10:00")]
    Task<ExchangeReply> TrainChunk(ExchangeOrder order, StepTicket ticket);

    /// <summary>Has trainers of this silo evaluate a chunk. Parameters of chunk 0 that the ticket does not hold are those offered for <paramref name="step"/>.</summary>
    [Alias("EvaluateChunk"), ResponseTimeout("00:10:00")]
    Task<ExchangeReply> EvaluateChunk(ExchangeOrder order, EvaluationTicket ticket, long step);

    /// <summary>A bucket of the sums of the step that was last trained on here.</summary>
    /// <exception cref="InvalidOperationException">Another step was asked for than was trained on here last.</exception>
    [Alias("Collect"), ResponseTimeout("00:10:00")]
    Task<SumBucket> Collect(RunId run, int generation, long step, int bucket);

    /// <summary>
    /// The replies that the trainers have given so far to a question, by its <see cref="ExchangeOrder.Number"/>, in their order, less what is large; null where
    /// there is none yet. Empty where it was not the last one asked here.
    /// </summary>
    [Alias("Answers")]
    Task<IReadOnlyList<TrainerReply?>> Answers(RunId run, int generation, long number);

    /// <summary>The largest gradient of each trainer in the step that was last trained on here.</summary>
    /// <exception cref="InvalidOperationException">Another step was asked for than was trained on here last.</exception>
    [Alias("FindLargest"), ResponseTimeout("00:10:00")]
    Task<IReadOnlyList<GradientExtreme>> FindLargest(RunId run, int generation, long step);
}

/// <summary>Whom an exchange asks.</summary>
/// <param name="Run">The run.</param>
/// <param name="Trainers">Trainers of the silo, in order.</param>
/// <param name="Places">Which of its lives each is in, <see cref="TrainerPlace.Number"/>.</param>
/// <param name="Of">How many trainers the run has.</param>
/// <param name="Number">
/// Grows with everything that a coordinator asks, by whichever way. What comes behind a newer one is refused: a request that lay in a broken channel must not
/// have a trainer work in memory that the answer to its repetition is being read from.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.ExchangeOrder")]
internal sealed record ExchangeOrder(
    [property: Id(0)] RunId Run, [property: Id(1)] IReadOnlyList<int> Trainers, [property: Id(2)] IReadOnlyList<int> Places, [property: Id(3)] int Of,
    [property: Id(4)] long Number = 0);

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
internal sealed record ExchangeReply([property: Id(0)] IReadOnlyList<TrainerReply> Replies, [property: Id(1)] IReadOnlyList<GradientBuffer> Sums);

/// <summary>A bucket of the gradient sums of the tree's nodes that a silo's trainers make up, in order.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.SumBucket")]
internal sealed record SumBucket([property: Id(0)] IReadOnlyList<GradientBuffer> Sums);

/// <summary>The element of a trainer's gradient that has the largest magnitude.</summary>
/// <param name="Value">The element.</param>
/// <param name="At">Its place in the flat gradient.</param>
[GenerateSerializer, Immutable, Alias("tbptt.GradientExtreme")]
internal readonly record struct GradientExtreme([property: Id(0)] float Value, [property: Id(1)] int At);
