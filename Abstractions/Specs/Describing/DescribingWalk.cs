using System.Globalization;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Describing;

/// <summary>Gathers what the keys of a section are.</summary>
internal sealed class DescribingWalk(List<KeyDescription> keys, params string[] owners) : SpecWalk
{
    /// <summary>The names of a choice's own keys.</summary>
    public static string[] KeysOf(Choice choice) => [.. Of(choice).Select(key => key.Name)];

    /// <summary>A choice's own keys.</summary>
    public static IReadOnlyList<KeyDescription> Of(Choice choice)
    {
        var keys = new List<KeyDescription>();
        choice.Walk(new DescribingWalk(keys));
        return keys;
    }

    public override long Whole(string key, long value, string about, long min, long max, bool required) =>
        Add(value, new(key, ValueType.Integer, about, required ? null : Text(value))
        {
            Low = min, Range = RangeOf(min, max), High = max == long.MaxValue ? null : max, Value = value,
        });

    public override int Count(string key, int value, string about, int min, int max, bool required, bool isWritten) =>
        (int)Whole(key, value, about, min, max == int.MaxValue ? long.MaxValue : max, required);

    public override (int First, int Last) CountOrRange(string key, (int First, int Last) value, string about) =>
        Add(value, new(key, ValueType.Integer, about, value.First == value.Last ? Text(value.First) : $"{value.First}..{value.Last}")
        {
            Low = 1, Pattern = @"^1\.\.[1-9][0-9]*$", Range = $"{RangeOf(1, long.MaxValue)}, or `1..N`", Value = value.First,
        });

    public override int? OptionalCount(string key, int? value, string about, string otherwise) =>
        Add(value, new(key, ValueType.Integer, about, otherwise) { Low = 1, Range = RangeOf(1, long.MaxValue) });

    public override int? OptionalIndex(string key, int? value, string about, string otherwise) =>
        Add(value, new(key, ValueType.Integer, about, otherwise) { Low = 0, Range = RangeOf(0, long.MaxValue) });

    public override (int? Count, T? Section) CountOrSection<T>(
        string key, int? count, T? section, string about, string otherwise, T blank, Func<SpecWalk, T, T> walk) where T : class =>
        Add((count, section), new(key, ValueType.Integer, about, otherwise)
        {
            Low = 1, Range = RangeOf(1, long.MaxValue), Keys = Described(key, blank, about, walk, otherwise).Keys,
        });

    public override double Number(string key, double value, string about, NumberRange range, bool required, bool isWritten) =>
        Add(value, Bounded(key, ValueType.Number, about, range, required ? null : Text(value)) with { Value = value });

    public override double? OptionalNumber(string key, double? value, string about, NumberRange range, string otherwise) =>
        Add(value, Bounded(key, ValueType.Number, about, range, otherwise));

    public override (double First, double Second) Pair(string key, (double First, double Second) value, string about, NumberRange range) =>
        Add(value, Bounded(key, ValueType.Pair, about, range, $"[{Text(value.First)}, {Text(value.Second)}]"));

    public override NumberList Numbers(
        string key, NumberList value, string about, NumberRange range, string? otherwise, bool isWritten) => Add(value, Bounded(
            key, ValueType.Numbers, about, range, otherwise ?? $"[{string.Join(", ", value.Values.Select(Text))}]"));

    public override bool Flag(string key, bool value, string about, bool isWritten) =>
        Add(value, new(key, ValueType.Boolean, about, value ? "true" : "false"));

    public override IReadOnlyList<string> Texts(
        string key, IReadOnlyList<string> value, string about, string item, string otherwise, bool mayBeEmpty, bool areGlobs) =>
        Add(value, new(key, ValueType.Texts, about, otherwise) { Low = mayBeEmpty ? 0 : 1 });

    public override NameMap Names(string key, NameMap value, string about, string item) =>
        Add(value, new(key, ValueType.Names, about, "none"));

    public override NamedValues<T> WordsByName<T>(
        string key, NamedValues<T> value, string about, string item, IReadOnlyList<Word<T>> words) =>
        Add(value, new(key, ValueType.Names, about, "none")
        {
            Choices = [.. words.Select(word => new ChoiceDescription(word.Text, word.About, []))],
        });

    public override NamedValues<int> CountsByName(
        string key, NamedValues<int> value, string about, string item, string otherwise) =>
        Add(value, new(key, ValueType.Names, about, otherwise) { Low = 1 });

    internal override T Text<T>(string key, T value, string about, TextForm<T> form) =>
        Add(value, new(key, ValueType.Text, about, form.Default) { Pattern = form.Pattern, MayBeNumber = form.MayBeNumber });

    public override T Word<T>(string key, T value, string about, IReadOnlyList<Word<T>> words, bool required, bool isWritten) =>
        Add(value, new(key, ValueType.Word, about, required ? null : Words.For(words, value))
        {
            Choices = [.. words.Select(word => new ChoiceDescription(word.Text, word.About, []))],
        });

    public override T Choice<T>(string key, T value, string about, IReadOnlyList<T> choices, bool required, bool isWritten) =>
        Add(value, new(key, ValueType.Choice, about, required ? null : value.Word)
        {
            Choices = [.. choices.Select(
                choice => new ChoiceDescription(choice.Word, choice.About, Of(choice), choice.IsKnownByItsKeys))],
        });

    public override T Paths<T>(string key, T value, string about, IReadOnlyList<T> choices) =>
        Add(value, new(
            key, ValueType.Text, $"{about}. {string.Join("; ", choices.Select(choice => $"`{choice.Form}`: {choice.About}"))}", null)
        {
            Pattern = $"^({string.Join('|', choices.Select(choice => choice.Form.Contains(':') ? $"{choice.Word}:.+" : choice.Word))})$",
        });

    /// <summary>A key that several have is described once.</summary>
    public override T Own<T>(string key, T value, IReadOnlyList<T> choices)
    {
        foreach (var alike in choices.SelectMany(choice => Of(choice).Select(own => (own, choice.Word))).GroupBy(one => one.own.Name))
            keys.Add(alike.First().own with { Owners = [.. alike.Select(one => one.Word)] });
        return value;
    }

    public override T Section<T>(string key, T value, string about, string contents, Func<SpecWalk, T, T> walk) =>
        Add(value, Described(key, value, about, walk, null));

    public override T? OptionalSection<T>(
        string key, T? value, string about, string contents, T blank, Func<SpecWalk, T, T> walk, bool isWritten) where T : class =>
        Add(value, Described(key, blank, about, walk, ""));

    public override T NumberOrSection<T>(
        string key, T value, string about, NumberRange range, Func<T, double?> number, Func<double, T> from, Func<SpecWalk, T, T> walk) =>
        Add(value, Bounded(key, ValueType.NumberOrSection, about, range, number(value) is { } one ? Text(one) : "") with
        {
            Keys = Described(key, value, about, walk, "").Keys,
        });

    public override SpecWalk With(string key, string word, params string[] owners) => new DescribingWalk(keys, owners);

    private T Add<T>(T value, KeyDescription key)
    {
        keys.Add(key with { Owners = owners });
        return value;
    }

    private static KeyDescription Described<T>(string key, T blank, string about, Func<SpecWalk, T, T> walk, string? otherwise)
    {
        var own = new List<KeyDescription>();
        walk(new DescribingWalk(own), blank);
        return new(key, ValueType.Section, about, otherwise) { Keys = own };
    }

    private static KeyDescription Bounded(string key, ValueType type, string about, NumberRange range, string? otherwise) =>
        new(key, type, about, otherwise)
    {
        Low = range.Low, High = range.High, Range = range.Expected["a number ".Length..],
    };

    private static string RangeOf(long min, long max) =>
        max == long.MaxValue ? Invariant($"{min} or more") : Invariant($"{min} to {max:N0}");

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
