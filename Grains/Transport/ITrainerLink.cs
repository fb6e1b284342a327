using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>
/// The way from a coordinator to some of its run's trainers: all those of one other silo, or one on the coordinator's own. Three ways
/// implement it:
/// <see cref="InProcess.InProcessLink"/>, <see cref="Messages.MessageLink"/> and <see cref="Tcp.TcpLink"/>. They change no bit of the
/// result.
/// </summary>
/// <remarks>Used on the coordinator's scheduler, for one request at a time.</remarks>
internal interface ITrainerLink : IDisposable
{
    /// <summary>The trainers, in order.</summary>
    IReadOnlyList<int> Trainers { get; }

    /// <summary>The nodes of the tree over the run's shards that those of the trainers make up, in order.</summary>
    IReadOnlyList<Subtree> Nodes { get; }

    /// <summary>
    /// Offers the parameters of a committed state ahead of a request, bucket by bucket; does nothing where that has begun before, or is not
    /// needed.
    /// </summary>
    /// <param name="generation">The coordinator's generation.</param>
    /// <param name="step">Committed steps that led to them.</param>
    /// <param name="ready">For each bucket, completes when its parameters are updated; null when all are.</param>
    void Offer(int generation, long step, IReadOnlyList<Task>? ready);

    /// <summary>Has the trainers train on a chunk, or evaluate one.</summary>
    /// <param name="work">What is asked, with the parameters.</param>
    Task<ChunkReply> Ask(ChunkWork work);

    /// <summary>
    /// Fetches a bucket of the gradient sums of <see cref="Nodes"/>, for the chunk that all of the trainers were trained on last.
    /// </summary>
    /// <param name="generation">The coordinator's generation.</param>
    /// <param name="step">Committed steps before that chunk.</param>
    /// <param name="bucket">Which bucket, from 0.</param>
    Task<SumBucket> FetchSum(int generation, long step, int bucket);

    /// <summary>
    /// The replies that the trainers have given so far to the last request, without what is large; null where there is none yet.
    /// </summary>
    Task<IReadOnlyList<TrainerReply?>> Answers(int generation);
}
