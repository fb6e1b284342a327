using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>
/// The gradients of some outputs, row by row, from which gradients of weights are summed. They are packed as a left factor when the first
/// weight wants that.
/// </summary>
/// <param name="team">Packs them.</param>
internal sealed unsafe class OutputGradient(Team team) : IDisposable
{
    private readonly Strips _strips = new();
    private Rows? _rows;
    private Rows? _gathered;
    private int _first;
    private LeftFactor? _transposed;

    /// <summary>How many rows.</summary>
    public int Count { get; private set; }

    /// <summary>How many outputs.</summary>
    public int Columns { get; private set; }

    /// <summary>How sums over them run.</summary>
    public RowSums Sums { get; private set; }

    /// <summary>The row that a sum begins with.</summary>
    public float* Start => _rows![Sums == RowSums.Ascending ? 0 : Count - 1] + _first;

    /// <summary>The stride from each row to that which the sum has next.</summary>
    public nint Stride => Sums == RowSums.Ascending ? _rows!.Stride : -_rows!.Stride;

    /// <summary>Whether each row has full registers, its padding included.</summary>
    public bool IsPadded => _first + Rows.Padded(Columns) <= _rows!.Stride;

    /// <summary>The transpose, packed in the order in which a sum runs.</summary>
    public LeftFactor Transposed => _transposed ??= _strips.Pack(team, Start, Stride, Columns, Count);

    /// <summary>Begins with rows; they must stay until all gradients are computed.</summary>
    /// <param name="rows">The rows of the chunk.</param>
    /// <param name="which">Which of them, and how a sum over them runs. Those of a shard are copied.</param>
    /// <param name="first">The first of their columns.</param>
    /// <param name="columns">How many columns; null for all.</param>
    /// <returns>This.</returns>
    public OutputGradient Of(Rows rows, GradientRows which, int first = 0, int? columns = null)
    {
        if (!which.AreAll)
        {
            _gathered ??= new(rows.Columns);
            which.Gather(rows[0], rows.Stride, _gathered);
            rows = _gathered;
        }

        (_rows, Count, Sums, _first, Columns, _transposed) = (rows, which.Count, which.Sums, first, columns ?? rows.Columns, null);
        return this;
    }

    public void Dispose()
    {
        _strips.Dispose();
        _gathered?.Dispose();
    }
}
