namespace Orleans.Tbptt.Data.Tables;

/// <summary>What a column of numbers holds, gathered block by block as it is read.</summary>
internal sealed class ColumnSurvey
{
    /// <summary>Different values up to which they are counted.</summary>
    public const int MostDistinct = 20;

    /// <summary>Numbers that data use for "no value".</summary>
    private static readonly double[] Sentinels =
    [
        -1, -9999, -999, -99, -9999.9, -999.9, -99.9, -99999, -999999, -200, -32768, -2147483648, 9999, 99999, 999999, 999, 9999.9, 32767,
        2147483647, 1e20, -1e20, 1e30, -1e30, 9.96920996838687e36,
    ];

    private readonly HashSet<double> _distinct = [];
    private readonly Dictionary<double, long> _suspects = [];
    private double _last = double.NaN;
    private double _otherMin = double.PositiveInfinity;
    private double _otherMax = double.NegativeInfinity;

    /// <summary>The smallest number; infinity for none.</summary>
    public double Min { get; private set; } = double.PositiveInfinity;

    /// <summary>The largest number; minus infinity for none.</summary>
    public double Max { get; private set; } = double.NegativeInfinity;

    /// <summary>Their moments.</summary>
    public Moments Moments { get; private set; }

    /// <summary>How many different numbers there are; null for more than <see cref="MostDistinct"/>.</summary>
    public int? Distinct => _distinct.Count > MostDistinct ? null : _distinct.Count;

    /// <summary>Whether every number is larger than the one before.</summary>
    public bool IsRising { get; private set; } = true;

    /// <summary>Whether every number is smaller than the one before.</summary>
    public bool IsFalling { get; private set; } = true;

    /// <summary>
    /// Numbers that often stand for a missing value and lie farther from all others than those from each other, with how often each stands.
    /// </summary>
    public IEnumerable<(double Value, long Count)> Suspects => _suspects
        .Where(one => (one.Key == -1 ? _otherMax > _otherMin : _otherMax >= _otherMin)
            && Math.Max(_otherMin - one.Key, one.Key - _otherMax) > _otherMax - _otherMin)
        .Select(one => (one.Key, one.Value));

    /// <summary>Takes the next numbers; NaN is none.</summary>
    public void Add(ReadOnlySpan<double> numbers)
    {
        Moments = Moments.And(Moments.Of(numbers));
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (double number in numbers)
        {
            // Comparisons with NaN are false.
            if (number < min)
                min = number;
            if (number > max)
                max = number;
        }

        Follow(numbers);
        Min = Math.Min(Min, min);
        Max = Math.Max(Max, max);
        if (Array.IndexOf(Sentinels, min) >= 0 || Array.IndexOf(Sentinels, max) >= 0)
            (min, max) = CountSentinels(numbers);

        _otherMin = Math.Min(_otherMin, min);
        _otherMax = Math.Max(_otherMax, max);
        double last = double.NaN;
        for (int i = 0; i < numbers.Length && _distinct.Count <= MostDistinct; i++)
        {
            if (numbers[i] != last && !double.IsNaN(numbers[i]))
                _distinct.Add(last = numbers[i]);
        }
    }

    // Nearly every column shows within a few rows that it does neither.
    private void Follow(ReadOnlySpan<double> numbers)
    {
        for (int i = 0; i < numbers.Length && (IsRising || IsFalling); i++)
        {
            if (double.IsNaN(numbers[i]))
                continue;
            IsRising &= !(numbers[i] <= _last);
            IsFalling &= !(numbers[i] >= _last);
            _last = numbers[i];
        }
    }

    // A sentinel is nearly always the smallest or the largest number of a block; others of them may lie in between.
    private (double Min, double Max) CountSentinels(ReadOnlySpan<double> numbers)
    {
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        foreach (double number in numbers)
        {
            if (Array.IndexOf(Sentinels, number) >= 0)
                _suspects[number] = _suspects.GetValueOrDefault(number) + 1;
            else
                (min, max) = (number < min ? number : min, number > max ? number : max);
        }

        return (min, max);
    }
}
