using System.Globalization;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Sequences;

/// <summary>What a spec holds out of the end of its data for one part.</summary>
internal sealed class HeldOut
{
    private readonly double? _fraction;
    private readonly HeldOutPart _part;

    private HeldOut(HeldOutPart part, string key, string found, double? fraction = null, int? row = null) =>
        (_part, Key, Found, _fraction, Row) = (part, key, found, fraction, row);

    /// <summary>The key that says it.</summary>
    public string Key { get; }

    /// <summary>The key's value, as text.</summary>
    public string Found { get; }

    /// <summary>The first row, counted from 1; null where it is another border.</summary>
    public int? Row { get; }

    /// <summary>What is held out of the data for a part; null for nothing, and where the part has files of its own.</summary>
    public static HeldOut? Of(DataSpec data, HeldOutPart part)
    {
        string Key(string key) => DataKeys.HeldOut(part, key);
        return data.Of(part) switch
        {
            { Fraction: > 0 and var fraction } => new(part, Key("fraction"), Text(fraction), fraction),
            { Row: { } row } => new(part, Key("row"), Text(row), row: row),
            { From: { } from } => new(part, Key("from"), from),
            null when part == HeldOutPart.Validation && data.ValidationFraction > 0 =>
                new(part, DataKeys.ValidationFraction, Text(data.ValidationFraction), data.ValidationFraction),
            _ => null,
        };
    }

    /// <summary>The first position that is held out.</summary>
    /// <param name="count">How many positions there are.</param>
    /// <param name="end">The position behind the last one that is held out.</param>
    /// <param name="before">The positions that lie before the part where its border is a time.</param>
    public long Start(long count, long end, Func<HeldOutPart, long>? before) =>
        _fraction is { } share ? Math.Max(0, end - HoldOut.Share(share, count))
        : Row is { } row ? row - 1
        : before!(_part);

    /// <summary>Adds the problem that nothing is left to train on.</summary>
    public void AddLeavesNothing(string noun, string source, ProblemList problems) => problems.Add(
        Key, $"{Found}, which leaves no {noun} of {source} to train on", "a border behind what is trained on", "correct it");

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}

/// <summary>
/// Where the parts of data begin that lie one behind the other: positions below <paramref name="Validation"/> are trained on, those from
/// it on validated on, those from <paramref name="Test"/> on tested on.
/// </summary>
/// <param name="Validation">The first position of validation; <paramref name="Test"/> for none.</param>
/// <param name="Test">The first position of the test; <paramref name="End"/> for none.</param>
/// <param name="End">How many positions there are.</param>
internal readonly record struct PartBorders(long Validation, long Test, long End)
{
    /// <summary>Positions of the part that is validated on.</summary>
    public long Validated => Test - Validation;

    /// <summary>Positions of the part that is tested on.</summary>
    public long Tested => End - Test;

    /// <summary>What a source says of a part, such as <c>row 1</c> and <c>row 70</c>.</summary>
    /// <param name="noun">The noun for a position.</param>
    /// <param name="first">The first position, from 0.</param>
    /// <param name="end">The position behind the last one.</param>
    public static Border Between(string noun, long first, long end) =>
        new(FormattableString.Invariant($"{noun} {first + 1:N0}"), FormattableString.Invariant($"{noun} {end:N0}"));

    /// <summary>The borders that a spec asks for.</summary>
    /// <param name="data">Says what is held out.</param>
    /// <param name="count">How many positions there are.</param>
    /// <param name="before">The positions that lie before a part where its border is a time.</param>
    public static PartBorders Of(DataSpec data, long count, Func<HeldOutPart, long>? before = null)
    {
        long test = HeldOut.Of(data, HeldOutPart.Test)?.Start(count, count, before) ?? count;
        long validation = HeldOut.Of(data, HeldOutPart.Validation)?.Start(count, test, before) ?? test;
        return new(validation, test, count);
    }
}
