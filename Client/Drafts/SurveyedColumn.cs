using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>What a column holds.</summary>
internal enum ColumnKind
{
    /// <summary>A number in every row.</summary>
    Numbers,

    /// <summary>The same number in every row.</summary>
    Constant,

    /// <summary>A running number or a time as a number.</summary>
    Index,

    /// <summary>Numbers, with rows without one.</summary>
    Gaps,

    /// <summary>Numbers with signs that no number has here, such as <c>$</c>, <c>%</c> or commas.</summary>
    Decorated,

    /// <summary>Dates.</summary>
    Times,

    /// <summary>Anything else.</summary>
    Texts,

    /// <summary>Nothing in any row, or no name.</summary>
    Unusable,
}

/// <summary>Gathers what the cells of a column are, row by row.</summary>
/// <param name="name">Its name in the header.</param>
internal sealed partial class SurveyedColumn(string name)
{
    /// <summary>Different values beyond which they are counted no more.</summary>
    public const int MaxDistinct = 1000;

    private static readonly HashSet<string> MissingMarks = new(StringComparer.OrdinalIgnoreCase)
    {
        "", "NA", "N/A", "#N/A", "NaN", "null", "None", "nil", ".", "?", "-", "--", "---", "missing",
    };

    private static readonly double[] Sentinels = [-99, -999, -9999, -99999, -99.9, -999.9, -99.99, -200, 999.9, 9999, 99999, 99.99];

    private readonly HashSet<string> _distinct = new(StringComparer.Ordinal);
    private readonly RowOrder _monthFirst = new(), _dayFirst = new();
    private readonly Dictionary<double, long> _sentinels = [];
    private long _rows, _decorated, _monthFirstTimes, _dayFirstTimes, _ordinary;
    private double _sum, _squares;
    private bool _hasNumber, _isWhole = true;

    /// <summary>Its name in the header.</summary>
    public string Name => name;

    /// <summary>The values of its rows as numbers, in order.</summary>
    public RowOrder Numbers { get; } = new();

    /// <summary>The least number.</summary>
    public double Min { get; private set; } = double.PositiveInfinity;

    /// <summary>The largest number.</summary>
    public double Max { get; private set; } = double.NegativeInfinity;

    /// <summary>Rows without a value.</summary>
    public long Missing { get; private set; }

    /// <summary>The first row, from 0, without a number, and what stands there.</summary>
    public (long Row, string Text) FirstOther { get; private set; } = (-1, "");

    /// <summary>The first and the last text.</summary>
    public (string First, string Last) Ends { get; private set; } = ("", "");

    /// <summary>Rows at the start that hold text or nothing, before the first number.</summary>
    public long LeadingOthers { get; private set; }

    /// <summary>Whether text, and not only nothing, stands in <see cref="LeadingOthers"/>.</summary>
    public bool LeadsWithText { get; private set; }

    /// <summary>How many different values there are; null for more than <see cref="MaxDistinct"/>.</summary>
    public int? Distinct => _distinct.Count > MaxDistinct ? null : _distinct.Count;

    /// <summary>The order of its times, read the way that fits.</summary>
    public RowOrder Times => IsDayFirst ? _dayFirst : _monthFirst;

    /// <summary>Whether its dates have the day before the month.</summary>
    public bool IsDayFirst =>
        _dayFirstTimes > _monthFirstTimes
            || (_dayFirstTimes == _monthFirstTimes && !_monthFirst.IsRising && _dayFirst.Falls < _monthFirst.Falls);

    /// <summary>How its values follow each other, as times or as numbers.</summary>
    public RowOrder Order => Kind == ColumnKind.Times ? Times : Numbers;

    /// <summary>All its numbers are whole.</summary>
    public bool IsWhole => _hasNumber && _isWhole;

    /// <summary>Whether rows that are no numbers are so at the start only.</summary>
    public bool HasOthersAtTheStartOnly => LeadingOthers > 0 && LeadingOthers + Numbers.Count == _rows;

    /// <summary>What it holds.</summary>
    public ColumnKind Kind
    {
        get
        {
            if (name.Length == 0 || Missing == _rows)
                return ColumnKind.Unusable;
            if (Numbers.Count == _rows)
                return Min == Max ? ColumnKind.Constant : IsIndex ? ColumnKind.Index : ColumnKind.Numbers;
            if (Math.Max(_monthFirstTimes, _dayFirstTimes) is var times && times > 0 && times >= (_rows - Missing) * 0.99)
                return ColumnKind.Times;
            if (_decorated > 0 && Numbers.Count + _decorated + Missing == _rows)
                return ColumnKind.Decorated;
            return Numbers.Count * 2 >= _rows - Missing ? ColumnKind.Gaps : ColumnKind.Texts;
        }
    }

    // Points in time begin again with the next series of a file and may have fractions; they are no input all the same.
    private bool IsIndex => TimeText.IsPoint(name) || (Numbers.IsRising && Numbers.IsEven && IsWhole)
        || (TimeText.IsUnit(name) && Numbers.Falls == 0 && IsWhole) || (TimeText.IsUnit(name) && Numbers.IsFalling && IsWhole);

    /// <summary>Adds the next row's cell.</summary>
    public void Add(ReadOnlySpan<byte> cell)
    {
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && float.IsFinite((float)value))
            AddNumber(value);
        else
            AddOther(Encoding.UTF8.GetString(cell));
        _rows++;
    }

    /// <summary>A number that stands far from all others and often stands for a missing value; null for none.</summary>
    public (double Value, long Count)? Sentinel()
    {
        double mean = _sum / Math.Max(1, _ordinary),
        deviation = Math.Sqrt(Math.Max(0, (_squares / Math.Max(1, _ordinary)) - (mean * mean)));
        foreach (var (value, count) in _sentinels)
        {
            if (_ordinary > 0 && count * 2 < _rows && (value == Min || value == Max) && Math.Abs(value - mean) > 5 * deviation)
                return (value, count);
        }

        return null;
    }

    /// <summary>The part of a difference that float32 rounds away; 0 where it is negligible.</summary>
    public double Rounding()
    {
        double largest = Math.Max(Math.Abs(Min), Math.Abs(Max)), step = MathF.BitIncrement((float)largest) - (float)largest;
        return step > (Max - Min) / 1e4 ? step : 0;
    }

    private void AddNumber(double value)
    {
        if (!_hasNumber)
            LeadingOthers = _rows;
        _hasNumber = true;
        Numbers.Add(value);
        (Min, Max) = (Math.Min(Min, value), Math.Max(Max, value));
        bool isWhole = value == Math.Floor(value) && Math.Abs(value) < 1e15;
        _isWhole &= isWhole;
        if (isWhole && _distinct.Count <= MaxDistinct)
            _distinct.Add(value.ToString("R", CultureInfo.InvariantCulture));
        if (Array.IndexOf(Sentinels, value) >= 0)
        {
            _sentinels[value] = _sentinels.GetValueOrDefault(value) + 1;
            return;
        }

        _ordinary++;
        _sum += value;
        _squares += value * value;
    }

    private void AddOther(string text)
    {
        if (FirstOther.Row < 0)
            FirstOther = (_rows, text);
        if (MissingMarks.Contains(text) || text.Contains("inf", StringComparison.OrdinalIgnoreCase) && text.Length <= 9)
        {
            Missing++;
            return;
        }

        LeadsWithText |= !_hasNumber;
        Ends = (Ends.First.Length == 0 ? text : Ends.First, text);
        if (_distinct.Count <= MaxDistinct)
            _distinct.Add(text);
        if (DecoratedNumber().IsMatch(text))
            _decorated++;
        if (TimeText.TryMonthFirst(text, out var time))
        {
            _monthFirstTimes++;
            _monthFirst.Add(time.Ticks);
        }

        // Without slashes, the order of day and month is not in question.
        if (TimeText.TryDayFirst(text, out time) || (!text.Contains('/') && TimeText.TryMonthFirst(text, out time)))
        {
            _dayFirstTimes++;
            _dayFirst.Add(time.Ticks);
        }
    }

    /// <summary>What it holds, in words.</summary>
    /// <param name="isInput">Whether it is trained on.</param>
    public string Describe(bool isInput = false) => Kind switch
    {
        ColumnKind.Index when isInput => $"numbers, {Text.Figure(Min)} to {Text.Figure(Max)}",
        ColumnKind.Numbers => $"numbers, {Text.Figure(Min)} to {Text.Figure(Max)}",
        ColumnKind.Constant => $"{Text.Figure(Min)} in every row: left out, because nothing can be learnt from it",
        ColumnKind.Index when TimeText.IsPoint(name) => $"{Text.Figure(Min)} to {Text.Figure(Max)}, the time of the rows: left out",
        ColumnKind.Index => $"{Text.Figure(Min)} to {Text.Figure(Max)}, the order of the rows: left out",
        ColumnKind.Gaps =>
            $"numbers, but {Text.Plural(_rows - Numbers.Count, "row")} without one, first '{Text.OneLine(FirstOther.Text)}' on line "
            + $"{FirstOther.Row + 2}: left out",
        ColumnKind.Decorated => $"numbers written as '{Text.OneLine(FirstOther.Text)}': left out",
        ColumnKind.Times => $"dates, {Text.OneLine(Ends.First)} to {Text.OneLine(Ends.Last)}: left out",
        ColumnKind.Texts => $"text, such as '{Text.Fit(Text.OneLine(Ends.First), 30)}': left out",
        _ => Missing == _rows ? "nothing: left out" : "a column without a name: left out",
    };

    [GeneratedRegex(@"^[-+(]?[$€£¥]?\s?[-+]?(\d{1,3}(,\d{3})+|\d+)([.,]\d+)?\s?[%€$£)]?$", RegexOptions.CultureInvariant)]
    private static partial Regex DecoratedNumber();
}
