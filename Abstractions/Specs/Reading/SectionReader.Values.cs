using System.Globalization;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

internal sealed partial class SectionReader
{
    public override long Whole(string key, long value, string about, long min, long max, bool required)
    {
        string range = $"a whole number from {min} to {max}";
        string expected = max is int.MaxValue or long.MaxValue ? $"a whole number of {min} or more" : range;
        Node? node = Take(key) ?? (required ? Missing(key, expected) : null);
        long standIn = required ? min : value;
        if (node is null or BrokenNode)
            return standIn;
        if (node is not ScalarNode { Quoted: false } scalar || !Scalars.IsWhole(scalar.Text))
            Wrong(key, node, expected, NotWhole(node));
        else if (Scalars.TryWhole(scalar.Text, out long read) ? read < min : scalar.Text[0] == '-')
            Wrong(key, node, expected, $"raise it to {min} or more");
        else if (!Scalars.TryWhole(scalar.Text, out read) || read > max)
            Wrong(key, node, range, $"lower it to {max} or less");
        else
            return read;
        return standIn;
    }

    public override int Count(string key, int value, string about, int min, int max, bool required, bool isWritten) =>
        (int)Whole(key, value, about, min, max, required);

    public override (int First, int Last) CountOrRange(string key, (int First, int Last) value, string about)
    {
        const string Range = "1..", Expected = "a whole number of 1 or more, or a range from 1 on, such as 1..24";
        if (Take(key) is not ScalarNode { Quoted: false } scalar || !scalar.Text.Contains("..", StringComparison.Ordinal))
        {
            int one = Count(key, value.First, about, 1, int.MaxValue, required: false, isWritten: true);
            return (one, one);
        }

        if (scalar.Text.StartsWith(Range, StringComparison.Ordinal)
            && int.TryParse(scalar.Text[Range.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int last) && last >= 1)
        {
            return (1, last);
        }

        Wrong(key, scalar, Expected, "correct it");
        return value;
    }

    public override int? OptionalCount(string key, int? value, string about, string otherwise) =>
        Has(key) ? Count(key, 1, about, 1, int.MaxValue, required: false, isWritten: true) : null;

    public override int? OptionalIndex(string key, int? value, string about, string otherwise) =>
        Has(key) ? Count(key, 0, about, 0, int.MaxValue, required: false, isWritten: true) : null;

    public override (int? Count, T? Section) CountOrSection<T>(
        string key, int? count, T? section, string about, string otherwise, T blank, Func<SpecWalk, T, T> walk) where T : class
    {
        if (Take(key) is not MapNode map)
            return (OptionalCount(key, count, about, otherwise), null);
        var own = Below(key, map);
        T read = walk(own, blank);
        own.ReportUnknown();
        return (null, read);
    }

    public override double Number(string key, double value, string about, NumberRange range, bool required, bool isWritten)
    {
        Node? node = Take(key) ?? (required ? Missing(key, range.Expected) : null);
        return Number(key, node, range) ?? (required ? 0.5 : value);
    }

    public override double? OptionalNumber(string key, double? value, string about, NumberRange range, string otherwise) =>
        Has(key) ? Number(key, 0.5, about, range, required: false, isWritten: true) : null;

    public override (double First, double Second) Pair(string key, (double First, double Second) value, string about, NumberRange range)
    {
        IReadOnlyList<Node> items = List(key, $"a list of two numbers, such as [{value.First}, {value.Second}]", 2, 2);
        return items.Count != 2
            ? value
            : (Number($"{key}[0]", items[0], range) ?? value.First, Number($"{key}[1]", items[1], range) ?? value.Second);
    }

    public override NumberList Numbers(
        string key, NumberList value, string about, NumberRange range, string? otherwise, bool isWritten)
    {
        if (!Has(key))
            return value;
        IReadOnlyList<Node> items = List(key, "a list of numbers, such as [0.1, 0.5, 0.9]", 1);
        return items.Count == 0 ? value : new([.. items.Select((item, i) => Number($"{key}[{i}]", item, range) ?? double.NaN)]);
    }

    public override bool Flag(string key, bool value, string about, bool isWritten)
    {
        Node? node = Take(key);
        if (node is null or BrokenNode)
            return value;
        if (node is ScalarNode { Quoted: false, Text: "true" or "false" } scalar)
            return scalar.Text == "true";
        string remedy = node is ScalarNode { Quoted: true } ? "write true or false without quotes" : "write true or false";
        Wrong(key, node, "true or false", remedy);
        return value;
    }

    internal override T Text<T>(string key, T value, string about, TextForm<T> form)
    {
        if (form.Default is not null && !Has(key))
            return value;
        Node? node = Take(key) ?? Missing(key, form.Expected);
        return Text(key, node, form.Expected, form.MayBeNumber) is { } text ? form.Parse(text, At(key)) : value;
    }

    public override IReadOnlyList<string> Texts(
        string key, IReadOnlyList<string> value, string about, string item, string otherwise, bool mayBeEmpty, bool areGlobs)
    {
        var texts = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        IReadOnlyList<Node> items = List(key, $"a list of {item}s", mayBeEmpty ? 0 : 1);
        for (int i = 0; i < items.Count; i++)
        {
            if (Text($"{key}[{i}]", items[i], $"a {item}") is not { } text)
                continue;
            if (!known.Add(text))
                Report($"{key}[{i}]", $"{Show.Quote(text)} a second time", $"each {item} once", "remove one of the two");
            texts.Add(areGlobs ? At(key).Glob(text) : text);
        }

        return texts;
    }

    public override NameMap Names(string key, NameMap value, string about, string item)
    {
        Node? node = Take(key);
        if (node is null or BrokenNode)
            return value;
        if (node is not MapNode map)
        {
            Wrong(key, node, $"{item}s, each with the one that takes its place", $"write {key}: {{OLD: NEW}}");
            return value;
        }

        var names = new List<KeyValuePair<string, string>>();
        foreach ((string name, Entry entry) in map.Entries)
        {
            string at = $"{key}.{name}";
            if (entry.Value is UnwrittenNode unwritten)
                Report(at, unwritten.Found, $"a {item}", unwritten.Remedy);
            else if (Text(at, entry.Value, $"a {item}") is { } text)
                names.Add(new(name, text));
        }

        return new(names);
    }

    public override NamedValues<T> WordsByName<T>(
        string key, NamedValues<T> value, string about, string item, IReadOnlyList<Word<T>> words) =>
        ByName(key, value, $"{item}s, each with {Show.Or([.. words.Select(word => word.Text)])}", words[0].Text,
            (own, name) => own.Word(name, words[0].Value, about, words, required: true, isWritten: true));

    public override NamedValues<int> CountsByName(
        string key, NamedValues<int> value, string about, string item, string otherwise) =>
        ByName(key, value, $"{item}s, each with a whole number", "8",
            (own, name) => own.Count(name, 1, about, 1, int.MaxValue, required: true, isWritten: true));

    private NamedValues<T> ByName<T>(
        string key, NamedValues<T> value, string expected, string example, Func<SectionReader, string, T> read)
    {
        Node? node = Take(key);
        if (node is null or BrokenNode)
            return value;
        if (node is not MapNode map)
        {
            Wrong(key, node, expected, $"write {key}: {{NAME: {example}}}");
            return value;
        }

        SectionReader own = Below(key, map);
        return new([.. map.Entries.Keys.Select(name => KeyValuePair.Create(name, read(own, name)))]);
    }

    private IReadOnlyList<Node> List(string key, string expected, int min, int max = int.MaxValue)
    {
        Node? node = Take(key);
        if (node is null or BrokenNode)
            return [];
        if (node is ListNode list && list.Items.Count >= min && list.Items.Count <= max)
            return list.Items;
        string found = node is ListNode { Items.Count: > 0 } other ? $"a list of {other.Items.Count}" : node.Found;
        Report(key, found, expected, node is ScalarNode ? "put it in brackets: [ ]" : "correct the list");
        return [];
    }

    private double? Number(string key, Node? node, NumberRange range)
    {
        if (node is null or BrokenNode)
            return null;
        if (node is not ScalarNode scalar || scalar.Quoted || !Scalars.IsNumber(scalar.Text))
        {
            bool quoted = node is ScalarNode { Quoted: true } text && Scalars.IsNumber(text.Text);
            Wrong(key, node, range.Expected, quoted ? "remove the quotes" : "write a finite number, such as 0.5 or 3e-3");
            return null;
        }

        double value = Scalars.ToDouble(scalar.Text);
        string? remedy = range.Remedy(value);
        if (remedy is null)
            return value;
        Wrong(key, node, range.Expected, remedy);
        return null;
    }

    private string? Text(string key, Node? node, string expected, bool mayBeNumber = false)
    {
        if (node is null or BrokenNode)
            return null;
        if (node is not ScalarNode scalar)
            Wrong(key, node, expected, "write text");
        else if (!scalar.Quoted && !Scalars.IsText(scalar.Text) && !(mayBeNumber && Scalars.IsNumber(scalar.Text)))
            Report(key, node.Found, expected, scalar.IsNull ? "write text" : $"put it in quotes: \"{Show.Clean(scalar.Text)}\"");
        else if (string.IsNullOrWhiteSpace(scalar.Text))
            Report(key, "empty text", expected, "write text");
        else if (!Show.IsPrintable(scalar.Text))
            Wrong(key, node, expected, "remove the characters that cannot be printed");
        else
            return scalar.Text;
        return null;
    }

    private static string NotWhole(Node node) => node switch
    {
        ScalarNode { Quoted: true } text when Scalars.IsWhole(text.Text) => "remove the quotes",
        ScalarNode { Quoted: false } scalar when Scalars.IsNumber(scalar.Text) => "write it without a point or an exponent",
        _ => "write a whole number",
    };
}
