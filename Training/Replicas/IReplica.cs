using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// The network that a trainer owns, on one device. The only seam of the engines: everything passes through host buffers, so no caller
/// depends on the engine or device.
/// </summary>
/// <remarks>
/// Not thread-safe; where <see cref="IsBoundToThread"/>, used only on the thread that created it. Hidden state is lane-major, <c>[lane][h,
/// c, …][layer][unit]</c> (what the cell has: <see cref="CellSpec.StateNames"/>), so that a block of lanes is contiguous.
/// </remarks>
public interface IReplica : IDisposable
{
    /// <summary>The parameters' names, shapes and order.</summary>
    ParameterLayout Layout { get; }

    /// <summary>The device it computes on, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    string Device { get; }

    /// <summary>The word of the engine that it belongs to: what really computes, whatever a spec asked for.</summary>
    string Engine { get; }

    /// <summary>
    /// What its bits are a function of besides spec and data: two replicas of one arithmetic compute the same bits. Of the fused engine a
    /// version, of libtorch its version and the type of the processor.
    /// </summary>
    string Arithmetic { get; }

    /// <summary>Whether it may be used only on the thread that created it, <see cref="IDisposable.Dispose"/> included.</summary>
    bool IsBoundToThread { get; }

    /// <summary>Loads parameters, <c>[Layout.Length]</c>.</summary>
    void LoadParameters(ReadOnlySpan<float> parameters);

    /// <summary>
    /// Runs a chunk forward and backward. The hidden state enters as a constant and leaves as values: the graph ends with the chunk, which
    /// is the truncation of backpropagation through time. Only where a sequence starts with a learned state does it reach that one.
    /// </summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="dropout">The chunk's dropout masks.</param>
    /// <param name="hiddenBefore">Hidden state of all the trainer's lanes, already the initial one where a sequence starts.</param>
    /// <param name="hiddenAfter">Receives the hidden state after each lane's last time step; zero for idle lanes.</param>
    /// <param name="gradientSum">Receives the gradient of the loss <b>sum</b>, <c>[Layout.Length]</c>.</param>
    /// <returns>The loss summed over the batch's elements.</returns>
    double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum);

    /// <summary>Runs a chunk forward only, without dropout.</summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="hiddenBefore">Hidden state of all the trainer's lanes, already the initial one where a sequence starts.</param>
    /// <param name="hiddenAfter">Receives the hidden state after each lane's last time step; zero for idle lanes.</param>
    /// <param name="outputs">
    /// Receives what the head gave, <c>[batch.Rows, outputSize]</c>, row-major; empty where only the loss is wanted.
    /// </param>
    /// <returns>The loss summed over the batch's elements.</returns>
    double Forward(ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs) =>
        Forward(batch, hiddenBefore, hiddenAfter, outputs, []);

    /// <inheritdoc cref="Forward(ChunkBatch, ReadOnlySpan{float}, Span{float}, Span{float})"/>
    /// <param name="batch">The chunk.</param>
    /// <param name="hiddenBefore">Hidden state of all the trainer's lanes, already the initial one where a sequence starts.</param>
    /// <param name="hiddenAfter">Receives the hidden state after each lane's last time step; zero for idle lanes.</param>
    /// <param name="outputs">Receives what the head gave; empty where only the loss is wanted.</param>
    /// <param name="largest">
    /// Receives the number of the largest output of each row, the first of equal ones, <c>[batch.Rows]</c>: the class that is predicted.
    /// Empty where nobody asks for it.
    /// </param>
    double Forward(
        ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest);
}
