using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

internal sealed partial class SectionReader
{
    /// <summary>Reads a whole number; without a fallback it must be there.</summary>
    public int Int(string key, int min, int? fallback = null, int max = int.MaxValue) => (int)Long(key, min, fallback, max);

    /// <summary>Reads a whole number that may be left out.</summary>
    public int? OptionalInt(string key, int min) => Has(key) ? Int(key, min) : null;

    /// <summary>Reads a whole number of 64 bits; without a fallback it must be there.</summary>
    public long Long(string key, long min, long? fallback = null, long max = long.MaxValue)
    {
        string range = $"a whole number from {min} to {max}";
        string expected = max is int.MaxValue or long.MaxValue ? $"a whole number of {min} or more" : range;
        Node? node = Take(key) ?? (fallback is null ? Missing(key, expected) : null);
        if (node is null or BrokenNode)
            return fallback ?? min;
        if (node is not ScalarNode { Quoted: false } scalar || !Scalars.IsWhole(scalar.Text))
            Wrong(key, node, expected, NotWhole(node));
        else if (Scalars.TryWhole(scalar.Text, out long value) ? value < min : scalar.Text[0] == '-')
            Wrong(key, node, expected, $"raise it to {min} or more");
        else if (!Scalars.TryWhole(scalar.Text, out value) || value > max)
            Wrong(key, node, range, $"lower it to {max} or less");
        else
            return value;
        return fallback ?? min;
    }

    /// <summary>Reads a finite number; without a fallback it must be there.</summary>
    public double Double(string key, NumberRange range, double? fallback = null)
    {
        Node? node = Take(key) ?? (fallback is null ? Missing(key, range.Expected) : null);
        return Number(key, node, range) ?? fallback ?? 0.5;
    }

    /// <summary>Reads a finite number that may be left out.</summary>
    public double? OptionalDouble(string key, NumberRange range) => Has(key) ? Double(key, range) : null;

    /// <summary>Reads true or false.</summary>
    public bool Bool(string key, bool fallback)
    {
        Node? node = Take(key);
        if (node is null or BrokenNode)
            return fallback;
        if (node is ScalarNode { Quoted: false, Text: "true" or "false" } scalar)
            return scalar.Text == "true";
        string remedy = node is ScalarNode { Quoted: true } ? "write true or false without quotes" : "write true or false";
        Wrong(key, node, "true or false", remedy);
        return fallback;
    }

    /// <summary>Reads text; without a fallback it must be there.</summary>
    public string Text(string key, string expected, string? fallback = null) =>
        Text(key, Take(key) ?? (fallback is null ? Missing(key, expected) : null), expected) ?? fallback ?? "";

    /// <summary>Reads one of some words; without a fallback it must be there.</summary>
    public T Choice<T>(string key, IReadOnlyList<Word<T>> words, Word<T>? fallback)
    {
        string[] all = [.. words.Select(word => word.Text)];
        string expected = Show.Or(all);
        Node? node = Take(key) ?? (fallback is null ? Missing(key, expected) : null);
        if (node is ScalarNode scalar && all.Contains(scalar.Text))
            return words.First(word => word.Text == scalar.Text).Value;
        if (node is not (null or BrokenNode))
        {
            string? near = node is ScalarNode text ? Nearest.To(text.Text, all) : null;
            Wrong(key, node, expected, near is null ? "choose one of them" : $"did you mean {near}?");
        }

        return (fallback ?? words[0]).Value;
    }

    /// <summary>Reads a list of different texts; empty when it is left out.</summary>
    public IReadOnlyList<string> Texts(string key, string expected, bool mayBeEmpty)
    {
        var texts = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        IReadOnlyList<Node> items = List(key, $"a list of {expected}s", mayBeEmpty ? 0 : 1);
        for (int i = 0; i < items.Count; i++)
        {
            if (Text($"{key}[{i}]", items[i], $"a {expected}") is not { } text)
                continue;
            if (!known.Add(text))
                Report($"{key}[{i}]", $"{Show.Quote(text)} a second time", $"each {expected} once", "remove one of the two");
            texts.Add(text);
        }

        return texts;
    }

    /// <summary>Reads a list of exactly two numbers.</summary>
    public (double First, double Second) Pair(string key, NumberRange range, (double First, double Second) fallback)
    {
        IReadOnlyList<Node> items = List(key, $"a list of two numbers, such as [{fallback.First}, {fallback.Second}]", 2, 2);
        return items.Count != 2
            ? fallback
            : (Number($"{key}[0]", items[0], range) ?? fallback.First, Number($"{key}[1]", items[1], range) ?? fallback.Second);
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

    private string? Text(string key, Node? node, string expected)
    {
        if (node is null or BrokenNode)
            return null;
        if (node is not ScalarNode scalar)
            Wrong(key, node, expected, "write text");
        else if (!scalar.Quoted && !Scalars.IsText(scalar.Text))
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
