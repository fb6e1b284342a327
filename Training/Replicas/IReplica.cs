using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// The network a trainer owns, on one device. The one seam of the engine: everything passes through host buffers, so nothing above knows
/// which engine or device is below.
/// </summary>
/// <remarks>
/// Not thread-safe, and where <see cref="IsBoundToThread"/> to be used on the thread that made it alone. Hidden state is lane-major, <c>[lane][h, c][layer][unit]</c> (c for an LSTM only),
/// so that a block of lanes is one contiguous stretch.
/// </remarks>
public interface IReplica : IDisposable
{
    /// <summary>The parameters' names, shapes and order.</summary>
    ParameterLayout Layout { get; }

    /// <summary>The device it computes on, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    string Device { get; }

    /// <summary>What computes: <c>fused</c> or <c>torch</c>.</summary>
    string Engine { get; }

    /// <summary>Whether it may be used on no other thread than the one that made it, <see cref="IDisposable.Dispose"/> included.</summary>
    bool IsBoundToThread { get; }

    /// <summary>Takes over parameters, <c>[Layout.Length]</c>.</summary>
    void LoadParameters(ReadOnlySpan<float> parameters);

    /// <summary>
    /// Runs a chunk forward and backward. The hidden state enters as a constant and leaves as values: the graph ends with the chunk, which is
    /// what truncates backpropagation through time.
    /// </summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="dropout">Where the chunk's dropout masks come from.</param>
    /// <param name="hiddenBefore">Hidden state of all the trainer's lanes, already zeroed where a sequence starts.</param>
    /// <param name="hiddenAfter">Receives the hidden state after each lane's last time step; zero for idle lanes.</param>
    /// <param name="gradientSum">Receives the gradient of the loss <b>sum</b>, <c>[Layout.Length]</c>.</param>
    /// <returns>The loss summed over the batch's elements.</returns>
    double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum);

    /// <summary>Runs a chunk forward only, without dropout.</summary>
    /// <returns>The loss summed over the batch's elements.</returns>
    double Forward(ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter);
}
