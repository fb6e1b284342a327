using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Reads the keys of a section. Gives a value in any case: one that stands in where a mistake was reported.</summary>
internal sealed class ReadingWalk(SectionReader section, SpecPaths paths) : SpecWalk
{
    public override long Whole(string key, long value, string about, long min, long max, bool required) =>
        section.Long(key, min, required ? null : value, max);

    public override int Count(string key, int value, string about, int min, int max, bool required) =>
        section.Int(key, min, required ? null : value, max);

    public override int? OptionalCount(string key, int? value, string about, string otherwise) => section.OptionalInt(key, min: 1);

    public override double Number(string key, double value, string about, NumberRange range, bool required) =>
        section.Double(key, range, required ? null : value);

    public override double? OptionalNumber(string key, double? value, string about, NumberRange range, string otherwise) =>
        section.OptionalDouble(key, range);

    public override (double First, double Second) Pair(string key, (double First, double Second) value, string about, NumberRange range) =>
        section.Pair(key, range, value);

    public override bool Flag(string key, bool value, string about, bool isWritten) => section.Bool(key, value);

    public override IReadOnlyList<string> Texts(
        string key, IReadOnlyList<string> value, string about, string item, string otherwise, bool mayBeEmpty, bool areGlobs)
    {
        var texts = section.Texts(key, item, mayBeEmpty);
        return areGlobs ? [.. texts.Select(glob => paths.Glob(section, key, glob))] : texts;
    }

    internal override T Text<T>(string key, T value, string about, TextForm<T> form)
    {
        if (form.Default is not null && !section.Has(key))
            return value;
        string text = section.Text(key, form.Expected);
        return text.Length == 0 ? value : form.Parse(text, new SectionText(section, key, paths));
    }

    public override T Word<T>(string key, T value, string about, IReadOnlyList<Word<T>> words, bool required) =>
        section.Choice(key, words, required ? null : words.FirstOrDefault(word => EqualityComparer<T>.Default.Equals(word.Value, value)));

    public override T Choice<T>(string key, T value, string about, IReadOnlyList<T> choices, bool required, bool isWritten)
    {
        var words = Words.Of(choices);
        if (section.Part(key) is not { } own)
        {
            T chosen = Word(key, value, about, words, required);
            return section.Has(key) && section.IsSound(key) ? Keys(section.Empty(key), key, chosen, choices) : chosen;
        }

        T named = new ReadingWalk(own, paths).Word("name", value, about, words, required);
        T read = Keys(own, key, own.IsSound("name") ? named : null, choices);
        own.ReportUnknown();
        return read;
    }

    public override T Paths<T>(string key, T value, string about, IReadOnlyList<T> choices)
    {
        string forms = Show.Or([.. choices.Select(choice => choice.Form)]);
        string text = section.Text(key, forms);
        if (text.Length == 0)
            return value;
        string[] parts = text.Split(':', 2);
        if (choices.FirstOrDefault(choice => choice.Word == parts[0]) is { } named)
            return (T)named.Read(parts.Length == 2 ? parts[1].TrimStart() : null, new SectionText(section, key, paths));
        string remedy = Nearest.To(parts[0], choices.Select(choice => choice.Word)) is { } near ? $"did you mean {near}?"
            : "choose one of them";
        section.Report(key, Show.Clean(text), forms, remedy);
        return value;
    }

    public override T Own<T>(string key, T value, IReadOnlyList<T> choices) =>
        Keys(section, key, section.IsSound(key) ? value : null, choices);

    public override T Section<T>(string key, T value, string about, string contents, Func<SpecWalk, T, T> walk) =>
        section.Section(key, contents, own => walk(new ReadingWalk(own, paths), value));

    public override T? OptionalSection<T>(
        string key, T? value, string about, string contents, T blank, Func<SpecWalk, T, T> walk, bool isWritten) where T : class =>
        section.OptionalSection(key, contents, own => walk(new ReadingWalk(own, paths), blank)) ?? value;

    public override SpecWalk With(string key, string word, params string[] owners) =>
        new ReadingWalk(section.OnlyWith(key, section.IsSound(key) ? word : null, owners), paths);

    /// <summary>
    /// Reads a choice's own keys, and refuses those that only others of its kind have. Where nobody knows which was meant, each key that
    /// any of them has is looked at, once.
    /// </summary>
    private T Keys<T>(SectionReader own, string kind, T? chosen, IReadOnlyList<T> choices) where T : Choice
    {
        if (chosen is null)
        {
            var once = new ReadingWalk(own.EachOnce(), paths);
            foreach (T choice in choices)
                choice.Walk(once);
            return choices[0];
        }

        var read = (T)chosen.Walk(new ReadingWalk(own, paths));
        string[] known = DescribingWalk.KeysOf(chosen);
        var others = choices.SelectMany(choice => DescribingWalk.KeysOf(choice).Except(known).Select(key => (Key: key, choice.Word)));
        foreach (var key in others.GroupBy(other => other.Key, other => other.Word))
            own.OnlyWith(kind, chosen.Word, [.. key]).Has(key.Key);
        return read;
    }
}
