using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

internal sealed partial class SectionReader
{
    public override T Word<T>(string key, T value, string about, IReadOnlyList<Word<T>> words, bool required, bool isWritten)
    {
        string[] all = [.. words.Select(word => word.Text)];
        string expected = Show.Or(all);
        Node? node = Take(key) ?? (required ? Missing(key, expected) : null);
        if (node is ScalarNode scalar && all.Contains(scalar.Text))
            return words.First(word => word.Text == scalar.Text).Value;
        if (node is not (null or BrokenNode))
            Wrong(key, node, expected, Meant((node as ScalarNode)?.Text, all));
        return required ? words[0].Value : value;
    }

    public override T Choice<T>(string key, T value, string about, IReadOnlyList<T> choices, bool required, bool isWritten)
    {
        var words = Words.Of(choices);
        if (Take(key) is not MapNode map)
        {
            T chosen = Word(key, value, about, words, required, isWritten);
            return Has(key) && IsSound(key) ? Keys(Below(key, new MapNode(_map!.Entries[key].Place)), key, chosen, choices) : chosen;
        }

        var own = Below(key, map);
        T named = choices.FirstOrDefault(choice => choice.IsKnownByItsKeys && IsMeant(choice, map))
            ?? own.Word("name", value, about, words, required, isWritten);
        T read = Keys(own, key, own.IsSound("name") ? named : null, choices);
        own.ReportUnknown();
        return read;
    }

    public override T Paths<T>(string key, T value, string about, IReadOnlyList<T> choices)
    {
        string forms = Show.Or([.. choices.Select(choice => choice.Form)]);
        if (Text(key, Take(key) ?? Missing(key, forms), forms) is not { } text)
            return value;
        string[] parts = text.Split(':', 2);
        if (choices.FirstOrDefault(choice => choice.Word == parts[0]) is { } named)
            return (T)named.Read(parts.Length == 2 ? parts[1].TrimStart() : null, At(key));
        Report(key, Show.Clean(text), forms, Meant(parts[0], choices.Select(choice => choice.Word)));
        return value;
    }

    public override T Own<T>(string key, T value, IReadOnlyList<T> choices) => Keys(this, key, IsSound(key) ? value : null, choices);

    /// <summary>
    /// Reads a choice's own keys, and refuses those that only others of its kind have. Where nobody knows which was meant, each key that
    /// any of them has is looked at, once.
    /// </summary>
    private static T Keys<T>(SectionReader own, string kind, T? chosen, IReadOnlyList<T> choices) where T : Choice
    {
        if (chosen is null)
        {
            var once = new SectionReader(own, "", null, [], eachOnce: true);
            foreach (T choice in choices)
                choice.Walk(once);
            return choices[0];
        }

        var read = (T)chosen.Walk(own);
        string[] known = DescribingWalk.KeysOf(chosen);
        var others = choices.SelectMany(choice => DescribingWalk.KeysOf(choice).Except(known).Select(key => (Key: key, choice.Word)));
        foreach (var key in others.GroupBy(other => other.Key, other => other.Word))
            own.OnlyWith(kind, chosen.Word, [.. key]).Has(key.Key);
        return read;
    }

    /// <summary>Whether a section names no choice, and has the required keys of this one.</summary>
    private static bool IsMeant(Choice choice, MapNode map) => !map.Entries.ContainsKey("name")
        && DescribingWalk.Of(choice).All(key => key.Default is not null || map.Entries.ContainsKey(key.Name));

    private static string Meant(string? word, IEnumerable<string> words) =>
        word is not null && Nearest.To(word, words) is { } near ? $"did you mean {near}?"
        : word is not null && CustomWord.Is(word)
            ? "choose one of them, or submit the spec to silos of the program that adds this one: only they, and readers that it makes, "
                + "know it"
        : "choose one of them";
}
