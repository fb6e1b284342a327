using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Writes a spec in YAML, line by line, with the remarks in one column.</summary>
internal sealed partial class SpecLines
{
    /// <summary>The file that <c>tbptt init</c> writes the schema to, next to the spec.</summary>
    public const string SchemaFile = "run-spec.schema.json";

    private const int RemarkColumn = 44;
    private const int MaxLength = 120;

    private readonly StringBuilder _text = new();

    /// <summary>A text as a YAML scalar, in quotes where it could be read as something else.</summary>
    public static string Scalar(string text) =>
        PlainScalar().IsMatch(text) && !Word().IsMatch(text) ? text : $"\"{Escaped(text)}\"";

    /// <summary>A line, with a remark.</summary>
    public SpecLines Add(string line, string remark = "")
    {
        if (remark.Length == 0)
            _text.Append(line).Append('\n');
        else if (line.Length < RemarkColumn)
            _text.Append(line.PadRight(RemarkColumn)).Append("# ").Append(remark).Append('\n');
        else
            _text.Append(' ', line.Length - line.TrimStart().Length).Append("# ").Append(remark).Append('\n').Append(line).Append('\n');
        return this;
    }

    /// <summary>A remark on lines without a key, each short enough to be read.</summary>
    public SpecLines Remark(string text)
    {
        var line = new StringBuilder("#");
        foreach (string word in Text.OneLine(text).Split(' '))
        {
            if (line.Length > 1 && line.Length + 1 + word.Length > MaxLength)
            {
                _text.Append(line).Append('\n');
                line.Clear().Append('#');
            }

            line.Append(' ').Append(word);
        }

        _text.Append(line).Append('\n');
        return this;
    }

    /// <summary>A list of texts at a key.</summary>
    public SpecLines List(string key, IEnumerable<string> items, string remark)
    {
        string indent = new(' ', key.Length - key.TrimStart().Length + 4);
        var line = new StringBuilder($"{key}: [");
        bool isFirst = true, isLong = false;
        var lines = new List<string>();
        foreach (string item in items.Select(Scalar))
        {
            if (!isFirst)
                line.Append(", ");
            if (line.Length + item.Length > MaxLength && !isFirst)
            {
                lines.Add(line.ToString().TrimEnd());
                line.Clear().Append(indent);
                isLong = true;
            }

            line.Append(item);
            isFirst = false;
        }

        lines.Add($"{line}]");
        if (!isLong)
            return Add(lines[0], remark);
        Add($"{key[..^key.TrimStart().Length]}# {remark}");
        lines.ForEach(each => Add(each));
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Escaped(string text) => string.Concat(text.Select(character => character switch
    {
        '"' or '\\' => $"\\{character}",
        _ when char.IsControl(character) => $"\\u{(int)character:x4}",
        _ => $"{character}",
    }));

    [GeneratedRegex(@"^[A-Za-z_.][A-Za-z0-9_./ ()°-]*(?<! )$|^(csv|bytes|parquet|arrow|jsonl|tsf|npz|hdf5):[A-Za-z0-9_./-]+$",
        RegexOptions.CultureInvariant)]
    private static partial Regex PlainScalar();

    [GeneratedRegex(@"^(true|false|null|yes|no|on|off|y|n|~|\.?nan|\.?inf|[-.\d]*e?[-\d]*)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Word();
}
