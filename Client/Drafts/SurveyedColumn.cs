using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;

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

    /// <summary>Numbers in most rows, and no value in the others.</summary>
    Missing,

    /// <summary>Numbers, with rows that hold something else, or with few of them.</summary>
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

    private static readonly double[] Sentinels = [-99, -999, -9999, -99999, -99.9, -999.9, -99.99, -200, 999.9, 9999, 99999, 99.99];

    private readonly HashSet<string> _distinct = new(StringComparer.Ordinal);
    private readonly RowOrder _monthFirst = new(), _dayFirst = new();
    private readonly Dictionary<double, long> _sentinels = [];
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    private readonly Dictionary<CsvSource, long> _marks = [];
    private long _rows, _marked, _unmarked, _decorated, _monthFirstTimes, _dayFirstTimes, _ordinary;
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

    /// <summary>What stands for a missing value in it, besides empty cells.</summary>
    public IReadOnlyCollection<string> MissingWords => _missing;

    /// <summary>The first line, from 1, without a number, and what stands there; 0 for none.</summary>
    public (long Line, string Text) FirstOther { get; private set; } = (0, "");

    /// <summary>
    /// The file with the keys by which every cell with a value would be a number, the likeliest first; empty where none makes them numbers.
    /// </summary>
    public IReadOnlyList<CsvSource> Marks => _marked == 0 || _unmarked > 0 ? []
        : [.. _marks.Where(one => one.Value == _marked).Select(one => one.Key)];

    /// <summary>Whether it can be trained on.</summary>
    public bool IsOfValues => Kind is ColumnKind.Numbers or ColumnKind.Missing;

    /// <summary>The first and the last text.</summary>
    public (string First, string Last) Ends { get; private set; } = ("", "");

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
            if (Numbers.Count + Missing == _rows && Numbers.Count >= Missing)
                return Min == Max ? ColumnKind.Constant : IsIndex ? ColumnKind.Index : ColumnKind.Missing;
            return Numbers.Count * 2 >= _rows - Missing ? ColumnKind.Gaps : ColumnKind.Texts;
        }
    }

    // Points in time begin again with the next series of a file and may have fractions; they are no input all the same.
    private bool IsIndex => TimeNames.IsPoint(name) || ((Numbers.IsRising || Numbers.IsFalling) && Numbers.IsEven && IsWhole)
        || (TimeNames.IsUnit(name) && Numbers.Falls == 0 && IsWhole) || (TimeNames.IsUnit(name) && Numbers.IsFalling && IsWhole);

    /// <summary>Whether its texts are times of day, which begin again each day.</summary>
    public bool IsClock => Clock().IsMatch(Ends.First) && Clock().IsMatch(Ends.Last);

    /// <summary>Whether a text of it is no UTF-8.</summary>
    public bool HasOtherEncoding { get; private set; }

    /// <summary>Adds the next row's cell.</summary>
    public void Add(ReadOnlySpan<byte> cell, CsvRows rows)
    {
        if (rows.TryNumber(cell, out double value))
            AddNumber(value, rows.Line);
        else
        {
            HasOtherEncoding |= !Utf8.IsValid(cell);
            AddOther(Encoding.UTF8.GetString(cell), rows.IsMissing(cell), rows);
        }

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

    private void AddNumber(double value, long line)
    {
        _hasNumber = true;
        Numbers.Add(value, line);
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

    private void AddOther(string text, bool isMissing, CsvRows rows)
    {
        if (isMissing || CsvRows.LooksMissing(text))
        {
            Missing++;
            if (text.Length > 0 && _missing.Count < MaxDistinct)
                _missing.Add(text);
            return;
        }

        if (FirstOther.Line == 0)
            FirstOther = (rows.Line, text);
        AddMarks(text, rows);
        Ends = (Ends.First.Length == 0 ? text : Ends.First, text);
        if (_distinct.Count <= MaxDistinct)
            _distinct.Add(text);
        if (DecoratedNumber().IsMatch(text))
            _decorated++;
        if (TimeCell.TryRead(text, dayFirst: false, out double time))
        {
            _monthFirstTimes++;
            _monthFirst.Add(time, rows.Line);
        }

        if (TimeCell.TryRead(text, dayFirst: true, out time))
        {
            _dayFirstTimes++;
            _dayFirst.Add(time, rows.Line);
        }
    }

    // One cell that is no number with any marks shows that the column is none.
    private void AddMarks(string text, CsvRows rows)
    {
        IReadOnlyList<CsvSource> marks = _unmarked == 0 ? rows.WithMarksOf(text) : [];
        if (marks.Count == 0)
        {
            _unmarked++;
            return;
        }

        _marked++;
        foreach (CsvSource source in marks)
            _marks[source] = _marks.GetValueOrDefault(source) + 1;
    }

    /// <summary>What it holds, in words.</summary>
    /// <param name="isInput">Whether it is trained on.</param>
    public string Describe(bool isInput = false) => Kind switch
    {
        ColumnKind.Index when isInput => $"numbers, {Text.Figure(Min)} to {Text.Figure(Max)}",
        ColumnKind.Numbers => $"numbers, {Text.Figure(Min)} to {Text.Figure(Max)}",
        ColumnKind.Missing => $"numbers, {Text.Figure(Min)} to {Text.Figure(Max)}, {Text.Plural(Missing, "cell")} missing",
        ColumnKind.Constant => $"{Text.Figure(Min)} in every row: left out, because nothing can be learnt from it",
        ColumnKind.Index when TimeNames.IsPoint(name) => $"{Text.Figure(Min)} to {Text.Figure(Max)}, the time of the rows: left out",
        ColumnKind.Index => $"{Text.Figure(Min)} to {Text.Figure(Max)}, the order of the rows: left out",
        ColumnKind.Gaps =>
            $"numbers, but {Text.Plural(_rows - Numbers.Count, "row")} without one"
            + (FirstOther.Line == 0 ? "" : $", such as '{Text.OneLine(FirstOther.Text)}' on line {FirstOther.Line}") + ": left out",
        ColumnKind.Decorated => $"numbers written as '{Text.OneLine(FirstOther.Text)}': left out",
        ColumnKind.Times => $"dates, {Text.OneLine(Ends.First)} to {Text.OneLine(Ends.Last)}: left out",
        ColumnKind.Texts => $"text, such as '{Text.Fit(Text.OneLine(Ends.First), 30)}': left out",
        _ => Missing == _rows ? "nothing: left out" : "a column without a name: left out",
    };

    [GeneratedRegex(@"^\d{1,2}[:.]\d{2}([:.]\d{2})?( ?[AaPp][Mm])?$", RegexOptions.CultureInvariant)]
    private static partial Regex Clock();

    [GeneratedRegex(
        @"^[-+(]?[$€£¥]?\s?[-+]?(\d{1,3}(,\d{3})+|\d+)([.,]\d+)?\s?([%€$£)]|[\p{L}°][\p{L}°²³/]{0,7})?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex DecoratedNumber();
}
