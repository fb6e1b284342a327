using System.Text;

namespace Orleans.Tbptt.Specs.Describing;

/// <summary>Writes the keys of a spec as a table of Markdown.</summary>
internal static class Documentation
{
    /// <summary>The table.</summary>
    public static string Table(IReadOnlyList<KeyDescription> keys)
    {
        var text = new StringBuilder("| key | default | |\n| --- | --- | --- |\n");
        foreach (var key in keys)
        {
            if (key.Type != ValueType.Section)
                Rows(text, key, "");
        }

        foreach (var section in keys.Where(key => key.Type == ValueType.Section))
        {
            text.Append($"| **{section.Name}** | {(section.Default is null ? "required" : "")} | {section.About} |\n");
            foreach (var key in section.Keys)
                Rows(text, key, "");
        }

        return text.ToString();
    }

    /// <summary>A key's documentation with its range.</summary>
    public static string Of(KeyDescription key) => key.Range.Length == 0 ? key.About : $"{key.About}; {key.Range}";

    private static void Rows(StringBuilder text, KeyDescription key, string prefix, params string[] words)
    {
        string name = prefix + key.Name;
        var owners = words.Length > 0 ? words : key.Owners;
        string whose = owners.Count == 0 ? "" : $"{string.Join(", ", owners.Select(word => $"`{word}`"))}: ";
        string choices = string.Join("; ", key.Choices.Select(choice => $"`{choice.Word}`: {choice.About}"));
        string about = choices.Length == 0 ? Of(key) : $"{key.About}. {choices}";
        if (key.Type != ValueType.Section)
            text.Append($"| `{name}` | {key.Default ?? "required"} | {whose}{about.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        foreach (var own in key.Keys)
            Rows(text, own with { Owners = own.Owners.Count > 0 ? own.Owners : key.Owners }, $"{name}.");
        foreach (var own in key.Choices.SelectMany(choice => choice.Keys).GroupBy(own => own.Name))
        {
            foreach (var alike in own.GroupBy(one => (one.About, one.Default, one.Range)))
            {
                string[] theirs =
                    [.. key.Choices.Where(choice => choice.Keys.Any(other => Same(other, alike.First()))).Select(choice => choice.Word)];
                Rows(text, alike.First(), $"{name}.", theirs.Length == key.Choices.Count ? [] : theirs);
            }
        }
    }

    private static bool Same(KeyDescription one, KeyDescription other) =>
        (one.Name, one.About, one.Default, one.Range) == (other.Name, other.About, other.Default, other.Range);
}
