using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Sweeps;

/// <summary>Reads the keys that a sweep varies, and what they may be.</summary>
internal sealed class ParameterReader(Findings findings)
{
    private const string Section = SweepSections.Parameters;
    private static readonly string[] Words = [.. SweepRangeForm.All.Select(form => form.Word)];
    private static readonly string[] Keys = [.. Words, SweepRangeForm.Points];
    private static readonly string Forms = $"a list of values, or one of {Show.And(Words)}";

    /// <summary>Reads the section.</summary>
    public IReadOnlyList<SweepParameter> Read(Node? node)
    {
        const string Expected = "keys of the spec, each with its values";
        if (node is not MapNode { Entries.Count: > 0 } map)
        {
            findings.Report(Section, node?.Found ?? "nothing", Expected,
                "write them, such as train.optimizer.lr: {logUniform: [1e-4, 1e-2]}");
            return [];
        }

        var parameters = new List<SweepParameter>();
        foreach (var (key, entry) in map.Entries)
        {
            if (Parameter(key, $"{Section}.{key}", entry.Value) is { } parameter)
                parameters.Add(parameter);
        }

        foreach (var (inner, outer) in parameters.SelectMany(one => parameters, (one, other) => (one.Key, other.Key))
            .Where(pair => pair.Item1.StartsWith($"{pair.Item2}.", StringComparison.Ordinal)))
            findings.Report($"{Section}.{inner}", $"a key of {outer}, which is a parameter, too", "each key once", "remove one of the two");
        return parameters;
    }

    private SweepParameter? Parameter(string key, string place, Node node)
    {
        if (node is ListNode list)
            return Choice(key, place, list);
        if (node is not MapNode map)
        {
            findings.Report(place, node is UnwrittenNode ? "no value" : node.Found, Forms, "write a list: [16, 32, 64]");
            return null;
        }

        string[] named = [.. map.Entries.Keys.Where(Words.Contains)];
        foreach (string unknown in map.Entries.Keys.Except(Keys))
        {
            string remedy = Nearest.To(unknown, Keys) is { } near ? $"did you mean {near}?" : "remove it";
            findings.Report($"{place}.{unknown}", "an unknown key", Show.Or(Keys), remedy);
        }

        if (named.Length != 1)
        {
            if (named.Length > 1 || map.Entries.Keys.All(found => found == SweepRangeForm.Points))
                findings.Report(place, named.Length == 0 ? "none of them" : Show.And(named), Forms, "write one");
            return null;
        }

        var value = map.Entries[named[0]].Value;
        var form = SweepRangeForm.All.First(form => form.Word == named[0]);
        if (form.IsChoice)
        {
            if (map.Entries.ContainsKey(SweepRangeForm.Points))
                findings.Report($"{place}.points", "points with choice", "them with a range of numbers only", "remove it");
            return value is ListNode choices ? Choice(key, place, choices) : Wrong($"{place}.choice", value, "a list of values");
        }

        return Bounds(key, $"{place}.{form.Word}", form, value) is { } read
            ? read with { Points = Points($"{place}.{SweepRangeForm.Points}", map, read) } : null;
    }

    private SweepParameter? Choice(string key, string place, ListNode list)
    {
        string[] values = [.. list.Items.Select(FlowText.Of)];
        if (values.Length == 0)
            return Wrong(place, list, "one value or more");
        for (int i = 0; i < values.Length; i++)
        {
            if (Array.IndexOf(values, values[i]) < i)
                findings.Report($"{place}[{i}]", $"{Show.Clean(values[i])} a second time", "each value once", "remove one of the two");
        }

        return new() { Key = key, Range = SweepRange.Choice, Choices = values, High = values.Length - 1 };
    }

    private SweepParameter? Bounds(string key, string place, SweepRangeForm form, Node value)
    {
        bool whole = form.IsWhole, log = form.IsLogarithmic;
        string expected = $"the least and the largest {(whole ? "whole " : "")}number{(log ? whole ? ", from 1 on" : ", above 0" : "")}, "
            + $"such as {(whole ? "[8, 64]" : "[1e-4, 1e-2]")}";
        if (value is not ListNode { Items: [ScalarNode { Quoted: false } first, ScalarNode { Quoted: false } second] })
            return Wrong(place, value, expected);
        if (!IsNumber(first) || !IsNumber(second))
            return Wrong(place, !IsNumber(first) ? first : second, expected);
        var (low, high) = (Scalars.ToDouble(first.Text), Scalars.ToDouble(second.Text));
        if (!(low < high) || !double.IsFinite(high - low))
        {
            findings.Report(place, $"[{first.Text}, {second.Text}]", expected, low > high ? "exchange them" : "correct them");
            return null;
        }

        if (log && low <= 0)
        {
            findings.Report(place, first.Text, expected, "raise it, or use a range that is not logarithmic");
            return null;
        }

        return new() { Key = key, Range = form.Range, Low = low, High = high };

        bool IsNumber(ScalarNode scalar) => whole
            ? Scalars.TryWhole(scalar.Text, out long number) && Math.Abs(number) <= int.MaxValue : Scalars.IsNumber(scalar.Text);
    }

    private int? Points(string place, MapNode map, SweepParameter parameter)
    {
        if (!map.Entries.TryGetValue(SweepRangeForm.Points, out var entry))
            return null;
        const int Most = SweepRangeForm.MostPoints;
        int most = parameter.IsWhole ? (int)Math.Min(Most, parameter.High - parameter.Low + 1) : Most;
        if (entry.Value is ScalarNode { Quoted: false } scalar && Scalars.TryWhole(scalar.Text, out long points) && points >= 2
            && points <= most)
            return (int)points;
        findings.Report(place, entry.Value.Found, string.Create(CultureInfo.InvariantCulture, $"a whole number from 2 to {most}"),
            "correct it");
        return null;
    }

    private SweepParameter? Wrong(string place, Node node, string expected)
    {
        findings.Report(place, node.Found, expected, "correct it");
        return null;
    }
}
