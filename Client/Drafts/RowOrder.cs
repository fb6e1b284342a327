namespace Orleans.Tbptt.Client.Drafts;

/// <summary>How a column's values follow each other.</summary>
internal sealed class RowOrder
{
    private double _step;

    /// <summary>How many values there were.</summary>
    public long Count { get; private set; }

    /// <summary>How often a value was larger than the one before.</summary>
    public long Rises { get; private set; }

    /// <summary>How often a value was smaller than the one before.</summary>
    public long Falls { get; private set; }

    /// <summary>The line of the first value that is smaller than the one before; 0 for none.</summary>
    public long FirstFall { get; private set; }

    /// <summary>The last value.</summary>
    public double Last { get; private set; }

    /// <summary>Whether all values are equally far from each other.</summary>
    public bool IsEven { get; private set; } = true;

    /// <summary>Every value is larger than the one before.</summary>
    public bool IsRising => Count > 1 && Rises == Count - 1;

    /// <summary>No value is larger than the one before.</summary>
    public bool IsFalling => Count > 1 && Falls > 0 && Rises == 0;

    /// <summary>Every value is smaller than the one before.</summary>
    public bool IsStrictlyFalling => Count > 1 && Falls == Count - 1;

    /// <summary>Adds the next value, which stands on a line.</summary>
    public void Add(double value, long line)
    {
        if (Count > 0)
        {
            double step = value - Last;
            Rises += step > 0 ? 1 : 0;
            Falls += step < 0 ? 1 : 0;
            if (step < 0 && FirstFall == 0)
                FirstFall = line;
            IsEven &= Count == 1 || Math.Abs(step - _step) <= 1e-9 * Math.Abs(step);
            _step = step;
        }

        Last = value;
        Count++;
    }
}
