namespace Orleans.Tbptt.Client.Plots;

/// <summary>What a sequence is for.</summary>
internal enum DataPart
{
    /// <summary>It is trained on.</summary>
    Training,

    /// <summary>It is held out, and evaluated after every epoch.</summary>
    Validation,

    /// <summary>It is held out, and evaluated once.</summary>
    Test,
}

/// <summary>The values of one column and sequence: where there are many, the smallest and the largest of each of equal parts.</summary>
/// <param name="first">The time step of the first value.</param>
/// <param name="steps">How many values follow.</param>
/// <param name="placeOf">The place on the axis of a value, by how many were before; null where that is its time step.</param>
internal sealed class ColumnLine(long first, long steps, Func<long, double>? placeOf = null)
{
    private const int MostParts = 1000;

    private readonly long _part = Math.Max(1, (steps + MostParts - 1) / MostParts);
    private readonly List<double> _x = [];
    private readonly List<double> _y = [];
    private double _least = double.NaN;
    private double _most = double.NaN;
    private long _count;

    /// <summary>The part that it belongs to.</summary>
    public DataPart Part { get; init; }

    /// <summary>Time steps.</summary>
    public IReadOnlyList<double> X => _x;

    /// <summary>Values at these time steps.</summary>
    public IReadOnlyList<double> Y => _y;

    /// <summary>Adds the next value; NaN for a missing one.</summary>
    public void Add(double value)
    {
        // Comparisons with NaN are false.
        _least = _least <= value ? _least : double.IsNaN(value) ? _least : value;
        _most = _most >= value ? _most : double.IsNaN(value) ? _most : value;
        if (++_count % _part == 0 || _count == steps)
            EndPart();
    }

    private void EndPart()
    {
        if (!double.IsNaN(_least))
        {
            double middle = _count - (((_count - 1) % _part) / 2.0) - 1;
            double x = placeOf is null ? first + middle : placeOf((long)middle);
            Point(x, _least);
            if (_most > _least)
                Point(x, _most);
        }

        (_least, _most) = (double.NaN, double.NaN);

        void Point(double x, double y)
        {
            _x.Add(x);
            _y.Add(y);
        }
    }
}
