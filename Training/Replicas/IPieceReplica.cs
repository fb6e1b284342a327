namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// A replica that runs a step in pieces along time: forward over each piece, where only the hidden state at its end is kept, then backward
/// from the last piece to the first, each of which is run forward once more. What it gives does not depend on where the pieces end, by a
/// bit.
/// </summary>
/// <remarks>
/// <code>
/// forward   h0 ─ piece 0 ─▶ h1 ─ piece 1 ─▶ h2          kept: h0, h1, h2
/// backward                           dh2 ◀─ piece 2 ─ 0     piece 2 from h2
///                  dh1 ◀─ piece 1 ─ dh2                     piece 1 from h1
///     ◀─ piece 0 ─ dh1                                      piece 0 from h0
/// </code>
/// </remarks>
public interface IPieceReplica : IReplica
{
    /// <summary>Runs a piece forward for its hidden state alone.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="dropout">The step's dropout masks.</param>
    /// <param name="hiddenBefore">Hidden state of all the trainer's lanes.</param>
    /// <param name="hiddenAfter">Receives the hidden state after each active lane's last time step; others stay as they are.</param>
    void ForwardPiece(ChunkBatch piece, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter);

    /// <summary>Begins the backward pass of a step.</summary>
    /// <param name="rows">Rows of all pieces.</param>
    /// <param name="gradientSum">Set to 0; <c>[Layout.Length]</c>.</param>
    void BeginBackward(long rows, Span<float> gradientSum);

    /// <summary>Runs a piece forward and backward; the pieces come in descending order.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="dropout">The step's dropout masks.</param>
    /// <param name="hiddenBefore">Hidden state of all the trainer's lanes.</param>
    /// <param name="hiddenAfter">As in <see cref="ForwardPiece"/>; empty where it is not wanted.</param>
    /// <param name="stateGradient">
    /// The gradient of the hidden state after each active lane's last time step, lane-major; receives that of the hidden state before.
    /// </param>
    /// <param name="gradientSum">The gradient of the loss sum, to which that of the piece is added.</param>
    /// <param name="lossSum">The loss sum, to which that of the piece is added, one time step after the other.</param>
    /// <param name="weight">What the loss sum is divided by, to which that of the piece is added in the same way.</param>
    void BackwardPiece(
        ChunkBatch piece, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> stateGradient,
        Span<float> gradientSum, ref double lossSum, ref double weight);

    /// <summary>
    /// Ends the backward pass: puts into the gradient what is computed over all pieces so far, such as the vectors of embeddings. Further
    /// pieces may come where this was done to a copy of the gradient.
    /// </summary>
    void EndBackward(Span<float> gradientSum);
}
