using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// The gradient of the first layer's sums for each class that occurs in a step, over the pieces of the step. Classes are numbered as they
/// are met from the step's end on, in which it makes no difference where a piece begins.
/// </summary>
/// <param name="shape">The embedding.</param>
/// <param name="outputs">The first layer's sums.</param>
internal sealed unsafe class PieceSums(EmbeddingShape shape, int outputs) : IDisposable
{
    private readonly int[] _placeOf = [.. Enumerable.Repeat(-1, shape.Classes)];
    private readonly Rows _vectors = new(shape.Size);

    /// <summary>The distinct classes met.</summary>
    public int Count { get; private set; }

    /// <summary>Which they are.</summary>
    public int[] Classes { get; } = new int[shape.Classes];

    /// <summary>The sums of each.</summary>
    public Rows Sums { get; } = new(outputs);

    /// <summary>Forgets the last step.</summary>
    /// <param name="rows">Rows of the step.</param>
    public void Begin(long rows)
    {
        for (int place = 0; place < Count; place++)
            _placeOf[Classes[place]] = -1;
        Count = 0;
        Sums.Reserve((int)Math.Min(rows, shape.Classes));
    }

    /// <summary>The sums of a class, 0 when it is met for the first time.</summary>
    public float* SumsOf(int one)
    {
        ref int place = ref _placeOf[one];
        if (place < 0)
        {
            Classes[place = Count++] = one;
            Sums.Span(place).Clear();
        }

        return Sums[place];
    }

    /// <summary>The vectors of the classes met.</summary>
    /// <param name="table">The embedding.</param>
    public Rows Vectors(ReadOnlySpan<float> table)
    {
        _vectors.Reserve(Count);
        for (int place = 0; place < Count; place++)
            table.Slice(Classes[place] * shape.Size, shape.Size).CopyTo(_vectors.Span(place));
        return _vectors;
    }

    public void Dispose()
    {
        Sums.Dispose();
        _vectors.Dispose();
    }
}
