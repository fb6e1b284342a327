using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <content>A step in pieces.</content>
public sealed unsafe partial class FusedReplica
{
    private ChunkBatch? _atOneTime;
    private Rows? _outputsAtOneTime;

    /// <inheritdoc/>
    public void ForwardPiece(ChunkBatch piece, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter)
    {
        EnsureFits(piece);
        EnsureCarries();
        if (piece.Rows > 0)
            Recur(piece, dropout, hiddenBefore, hiddenAfter, Pass.Forward);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void BeginBackward(long rows, Span<float> gradientSum)
    {
        EnsureUsable(gradientSum.Length, "the gradient", Layout.Length);
        EnsureCarries();
        gradientSum.Clear();
        foreach (var table in _tables)
            table.BeginPieces(rows);
    }

    /// <inheritdoc/>
    public void BackwardPiece(
        ChunkBatch piece, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> stateGradient,
        Span<float> gradientSum, ref double lossSum, ref double weight)
    {
        EnsureUsable(gradientSum.Length, "the gradient", Layout.Length);
        EnsureFits(piece);
        if (piece.Rows == 0)
            return;
        Recur(piece, dropout, hiddenBefore, hiddenAfter, Pass.Piece);
        Outputs(piece, dropout);
        AddLoss(piece, ref lossSum, ref weight);
        for (int index = 0; index < _layers.Length; index++)
        {
            _layers[index].Memory.BeginPiece(_times.Rows);
            _hidden.LoadGradient(piece, index, stateGradient);
        }

        fixed (float* gradient = gradientSum)
            Backward(piece, dropout, RowSums.Descending, gradient);
        for (int index = 0; index < _layers.Length; index++)
            _hidden.StoreGradient(piece, index, stateGradient);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void EndBackward(Span<float> gradientSum)
    {
        EnsureUsable(gradientSum.Length, "the gradient", Layout.Length);
        fixed (float* gradient = gradientSum)
        {
            foreach (var table in _tables)
                table.EndPieces(gradient);
            foreach (var layer in _layers)
                layer.EndPieces(gradient);
        }

        GC.KeepAlive(this);
    }

    private void EnsureCarries()
    {
        if (_both is not null)
            throw new InvalidOperationException("a bidirectional network carries no state from piece to piece");
    }

    /// <summary>
    /// Adds the loss and the weight of each time step by itself, the last one first: so they do not show where a piece ends.
    /// </summary>
    private void AddLoss(ChunkBatch piece, ref double lossSum, ref double weight)
    {
        var targets = _atOneTime ??= new(piece.Shape);
        var outputs = _outputsAtOneTime ??= _head.Outputs.View();
        for (int i = _times.Steps.Length - 1; i >= 0; i--)
        {
            var at = _times.Steps[i];
            targets.LoadTargets(piece, at.Row, at.Lanes);
            outputs.MoveTo(at.Row);
            lossSum += _loss.Sum(outputs, targets, ref _scratch);
            weight += _loss.WeightOf(targets);
        }
    }
}
