using Orleans.Services;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Messages;

/// <summary>
/// A silo's end of the transport by Orleans' messages: its trainers of a run share one message of parameters a step, and what they
/// give is summed there as far as the tree over all trainers allows. One on each silo, reached by the silo's address.
/// </summary>
/// <remarks>
/// Small models travel in the requests and replies themselves. Large ones come in buckets ahead of the request (<see cref="Offer"/>), and
/// leave in buckets behind the reply (<see cref="FetchSum"/>). Every call carries the coordinator's generation: of an older one than the
/// run's newest here nothing is taken.
/// </remarks>
[Alias("tbptt.ITransportService")]
internal interface ITransportService : IGrainService
{
    /// <summary>
    /// Lets a coordinator open a TCP connection, over which steps go instead of as messages; null where this silo takes none.
    /// </summary>
    [Alias("OpenConnection")]
    Task<ConnectionOffer?> OpenConnection(RunId run);

    /// <summary>Takes a bucket of the parameters of S(step), in any order.</summary>
    [Alias("Offer"), ResponseTimeout("00:10:00")]
    Task Offer(ParameterBucket bucket);

    /// <summary>
    /// Has trainers of this silo train on a chunk, or evaluate one. Parameters that the request needs and does not hold have been or will
    /// be offered.
    /// </summary>
    [Alias("Ask"), ResponseTimeout("00:10:00")]
    Task<ChunkReply> Ask(ChunkRequest request);

    /// <summary>A bucket of the sums of the step that was last trained on here.</summary>
    /// <exception cref="InvalidOperationException">Another step was asked for than was trained on here last.</exception>
    [Alias("FetchSum"), ResponseTimeout("00:10:00")]
    Task<SumBucket> FetchSum(RunId run, int generation, long step, int bucket);

    /// <summary>
    /// The replies that the trainers have given so far to a request, by its <see cref="ChunkOrder.Number"/>, in their order, without what
    /// is large; null where there is none yet. Empty where it was not the last one made here.
    /// </summary>
    [Alias("Answers")]
    Task<IReadOnlyList<TrainerReply?>> Answers(RunId run, int generation, long number);
}
