using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// The rows of whole sequences in the other direction of time: each lane's last time step first. Lanes keep their lengths, and so their
/// places, so that a layer runs over mirrored rows as over any others.
/// <code>
/// lane 1   0 1 2 3 4     mirrored   4 3 2 1 0
/// lane 0   0 1 2                    2 1 0
/// </code>
/// </summary>
internal sealed class MirroredRows
{
    private int[] _rows = [];

    /// <summary>The row that a row changes places with.</summary>
    public int this[int row] => _rows[row];

    /// <summary>Reads where the lanes of a chunk end.</summary>
    public void Read(ChunkBatch batch)
    {
        if (_rows.Length < batch.Rows)
            _rows = new int[batch.Rows];
        batch.Mirror(_rows);
    }

    /// <summary>Copies rows to their mirrored places.</summary>
    public unsafe void Copy(float* from, int fromStride, Rows to, int rows)
    {
        to.Reserve(rows);
        for (int row = 0; row < rows; row++)
            new ReadOnlySpan<float>(from + ((long)_rows[row] * fromStride), to.Columns).CopyTo(to.Span(row));
    }
}
