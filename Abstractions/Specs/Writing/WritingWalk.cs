using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Specs.Writing;

/// <summary>Writes the keys of a section as YAML.</summary>
/// <param name="yaml">Takes the text.</param>
/// <param name="indent">Spaces in front of each key.</param>
/// <param name="skipped">Keys that are not written, whatever their section.</param>
internal sealed partial class WritingWalk(StringBuilder yaml, string indent, params string[] skipped) : SpecWalk
{
    private bool _isOff;

    public override long Whole(string key, long value, string about, long min, long max, bool required) =>
        Put(key, value, value.ToString(CultureInfo.InvariantCulture));

    public override int Count(string key, int value, string about, int min, int max, bool required, bool isWritten) =>
        Put(key, value, isWritten ? value.ToString(CultureInfo.InvariantCulture) : null);

    public override (int First, int Last) CountOrRange(string key, (int First, int Last) value, string about) => Put(
        key, value, value.First == value.Last ? value.First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{value.First}..{value.Last}"));

    public override int? OptionalCount(string key, int? value, string about, string otherwise) =>
        Put(key, value, value?.ToString(CultureInfo.InvariantCulture));

    public override int? OptionalIndex(string key, int? value, string about, string otherwise) =>
        OptionalCount(key, value, about, otherwise);

    public override (int? Count, T? Section) CountOrSection<T>(
        string key, int? count, T? section, string about, string otherwise, T blank, Func<SpecWalk, T, T> walk) where T : class =>
        section is null ? (OptionalCount(key, count, about, otherwise), null) : (count, Section(key, section, about, "", walk));

    public override double Number(string key, double value, string about, NumberRange range, bool required, bool isWritten) =>
        Put(key, value, isWritten ? Digits(value) : null);

    public override double? OptionalNumber(string key, double? value, string about, NumberRange range, string otherwise) =>
        Put(key, value, value is { } number ? Digits(number) : null);

    public override (double First, double Second) Pair(string key, (double First, double Second) value, string about, NumberRange range) =>
        Put(key, value, $"[{Digits(value.First)}, {Digits(value.Second)}]");

    public override NumberList Numbers(
        string key, NumberList value, string about, NumberRange range, string? otherwise, bool isWritten) =>
        Put(key, value, isWritten && value.Count > 0 ? $"[{string.Join(", ", value.Values.Select(Digits))}]" : null);

    public override bool Flag(string key, bool value, string about, bool isWritten) =>
        Put(key, value, isWritten ? value ? "true" : "false" : null);

    public override IReadOnlyList<string> Texts(
        string key, IReadOnlyList<string> value, string about, string item, string otherwise, bool mayBeEmpty, bool areGlobs) =>
        Put(key, value, value.Count > 0 ? $"[{string.Join(", ", value.Select(Quote))}]" : null);

    public override NameMap Names(string key, NameMap value, string about, string item) => Put(key, value, ByName(value, Quoted));

    public override NamedValues<T> WordsByName<T>(
        string key, NamedValues<T> value, string about, string item, IReadOnlyList<Word<T>> words) =>
        Put(key, value, ByName(value, one => Quote(Words.For(words, one))));

    public override NamedValues<int> CountsByName(
        string key, NamedValues<int> value, string about, string item, string otherwise) =>
        Put(key, value, ByName(value, one => one.ToString(CultureInfo.InvariantCulture)));

    internal override T Text<T>(string key, T value, string about, TextForm<T> form) =>
        Put(key, value, form.Write(value) is { } text ? Quote(text) : null);

    public override T Word<T>(string key, T value, string about, IReadOnlyList<Word<T>> words, bool required, bool isWritten) =>
        Put(key, value, isWritten ? Quote(Words.For(words, value)) : null);

    public override T Choice<T>(string key, T value, string about, IReadOnlyList<T> choices, bool required, bool isWritten)
    {
        if (!isWritten)
            return value;
        var keys = new StringBuilder();
        value.Walk(new WritingWalk(keys, indent + "  "));
        if (keys.Length == 0)
            Line(key, Quote(value.Word));
        else if (Line(key, ""))
            yaml.Append(CultureInfo.InvariantCulture, $"{indent}  name: {Quote(value.Word)}\n").Append(keys);
        return value;
    }

    public override T Paths<T>(string key, T value, string about, IReadOnlyList<T> choices)
    {
        if (value.Paths.Count > 1 && value.Paths.FirstOrDefault(path => path.Contains(',')) is { } comma)
            throw new ArgumentException($"the path of a {value.Word} source cannot have a comma: {comma}", nameof(value));
        return Put(key, value, Quote(value.Paths.Count == 0 ? value.Word : $"{value.Word}:{string.Join(',', value.Paths)}"));
    }

    public override T Own<T>(string key, T value, IReadOnlyList<T> choices)
    {
        value.Walk(this);
        return value;
    }

    public override T Section<T>(string key, T value, string about, string contents, Func<SpecWalk, T, T> walk)
    {
        if (Line(key, ""))
            walk(new WritingWalk(yaml, indent + "  ", skipped), value);
        return value;
    }

    public override T? OptionalSection<T>(
        string key, T? value, string about, string contents, T blank, Func<SpecWalk, T, T> walk, bool isWritten) where T : class =>
        value is not null && isWritten ? Section(key, value, about, contents, walk) : value;

    public override T NumberOrSection<T>(
        string key, T value, string about, NumberRange range, Func<T, double?> number, Func<double, T> from, Func<SpecWalk, T, T> walk) =>
        number(value) is { } one ? Put(key, value, Digits(one)) : Section(key, value, about, "", walk);

    public override SpecWalk With(string key, string word, params string[] owners) =>
        owners.Contains(word) ? this : new WritingWalk(yaml, indent) { _isOff = true };

    private static string? ByName<T>(NamedValues<T> value, Func<T, string> write) => value.Pairs.Count == 0 ? null
        : $"{{{string.Join(", ", value.Pairs.Select(pair => $"{Quoted(pair.Key)}: {write(pair.Value)}"))}}}";

    private T Put<T>(string key, T value, string? text)
    {
        Line(key, text);
        return value;
    }

    private bool Line(string key, string? value)
    {
        if (_isOff || value is null || skipped.Contains(key))
            return false;
        yaml.Append(CultureInfo.InvariantCulture, $"{indent}{key}:{(value.Length == 0 ? "" : " ")}{value}\n");
        return true;
    }

    /// <summary>The shortest digits that read back to the same number; with a point, or YAML 1.1 would take 1e-8 for text.</summary>
    private static string Digits(double value)
    {
        string digits = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return digits.Contains('e') && !digits.Contains('.') ? digits.Replace("e", ".0e", StringComparison.Ordinal) : digits;
    }

    private static string Quote(string text)
    {
        if (Plain().IsMatch(text) && Scalars.IsText(text) && !Yaml11Boolean().IsMatch(text))
            return text;
        return Quoted(text);
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff')
                quoted.Append($"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[A-Za-z/][A-Za-z0-9_./*-]*(:[A-Za-z0-9_./*-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(y|n|yes|no|on|off)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Yaml11Boolean();
}
