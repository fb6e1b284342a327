using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training;

/// <summary>
/// Backpropagates through all of a step's time in pieces: memory is needed for one piece, and for the hidden state at every piece's start.
/// </summary>
/// <param name="replica">The network.</param>
/// <param name="batch">Receives a piece at a time.</param>
/// <param name="block">The trainer's lanes.</param>
/// <param name="length">Time steps of a piece.</param>
internal sealed class PieceSweep(IPieceReplica replica, ChunkBatch batch, LaneBlock block, int length)
{
    private readonly List<float[]> _starts = [];
    private readonly float[] _stateGradient = new float[block.Count * replica.Layout.HiddenPerLane];

    private ISequenceSet? _sequences;
    private ChunkPlan? _plan;
    private long _chunk;

    /// <summary>Reads the first piece of a step, which is the next to run.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="plan">Their plan, whose chunks are cut into pieces.</param>
    /// <param name="chunk">The step's place in the plan.</param>
    public void Begin(ISequenceSet sequences, ChunkPlan plan, long chunk)
    {
        (_sequences, _plan, _chunk) = (sequences, plan, chunk);
        Load(0);
    }

    /// <summary>Runs the step forward and backward.</summary>
    /// <param name="dropout">The step's dropout masks.</param>
    /// <param name="before">The hidden state before the step, already zeroed where a sequence starts.</param>
    /// <param name="after">Receives the hidden state after each lane's last time step.</param>
    /// <param name="gradientSum">Receives the gradient of the loss sum.</param>
    /// <returns>The loss sum and the elements it was summed over.</returns>
    public (double LossSum, double Weight) Run(
        DropoutMasks dropout, ReadOnlySpan<float> before, Span<float> after, Span<float> gradientSum)
    {
        (int steps, long rows) = Extent();
        int pieces = Math.Max(1, (int)(((long)steps + length - 1) / length));
        before.CopyTo(Start(0));
        for (int piece = 0; piece < pieces - 1; piece++)
        {
            if (piece > 0)
                Load(piece);
            Start(piece).CopyTo(Start(piece + 1), 0);
            replica.ForwardPiece(batch, dropout, Start(piece), Start(piece + 1));
        }

        double lossSum = 0, weight = 0;
        Array.Clear(_stateGradient);
        Start(pieces - 1).CopyTo(after);
        replica.BeginBackward(rows, gradientSum);
        for (int piece = pieces - 1; piece >= 0; piece--)
        {
            if (pieces > 1)
                Load(piece);
            replica.BackwardPiece(
                batch, dropout, Start(piece), piece == pieces - 1 ? after : default, _stateGradient, gradientSum, ref lossSum, ref weight);
        }

        replica.EndBackward(gradientSum);
        return (lossSum, weight);
    }

    private void Load(int piece) => batch.LoadPiece(_sequences!, _plan!, _chunk, block, piece * length, length);

    /// <summary>Time steps of the longest lane, and those of all lanes.</summary>
    private (int Steps, long Rows) Extent()
    {
        (int steps, long rows) = (0, 0);
        for (int lane = 0; lane < block.Count; lane++)
        {
            int one = _plan![_chunk, block.First + lane].Length;
            (steps, rows) = (Math.Max(steps, one), rows + one);
        }

        return (steps, rows);
    }

    private float[] Start(int piece)
    {
        while (_starts.Count <= piece)
            _starts.Add(new float[_stateGradient.Length]);
        return _starts[piece];
    }
}
