using System.Globalization;
using System.Text;

namespace Orleans.Tbptt.Client.Manual;

/// <summary>Writes a page of <c>man</c> in the macros of man(7).</summary>
/// <param name="name">Its name, such as <c>tbptt-train</c>.</param>
/// <param name="description">
/// The description of its help: paragraphs; lines that are indented, below one that ends with a colon, are printed as they are.
/// </param>
internal sealed class ManualPage(string name, string description)
{
    private readonly StringBuilder _text = new(
        $".TH {Escape(name.ToUpperInvariant())} 1 \"\" \"Orleans.Tbptt\" \"User commands\"\n.SH NAME\n"
        + $"{Escape(name)} \\- {Escape(Lower(Sentence(description)))}\n");

    /// <summary>How it is called.</summary>
    /// <param name="form">The form; null where a command must follow.</param>
    /// <param name="commands">The forms of its commands.</param>
    public void Synopsis(string? form, IReadOnlyList<string> commands)
    {
        _text.Append(".SH SYNOPSIS\n");
        string[] forms = [.. form is null ? (string[])[] : [form], .. commands];
        for (int i = 0; i < forms.Length; i++)
            _text.Append(i == 0 ? "" : ".br\n").Append(Line(forms[i]));
    }

    /// <summary>The description, and its examples.</summary>
    public void Describe()
    {
        _text.Append(".SH DESCRIPTION\n");
        bool isFirst = true;
        foreach (string paragraph in description.ReplaceLineEndings("\n").Trim().Split("\n\n"))
        {
            string[] lines = paragraph.Split('\n');
            int examples = Array.FindIndex(lines, line => line is "Example:" or "Examples:");
            string[] prose = [.. lines.Take(examples < 0 ? lines.Length : examples)];
            // The exit codes have a section.
            if (prose.Length > 0 && !prose[0].StartsWith("Exit codes:", StringComparison.Ordinal))
            {
                _text.Append(isFirst ? "" : ".PP\n").Append(string.Concat(prose.Select(Line)));
                isFirst = false;
            }

            if (examples >= 0)
                _text.Append(".SH EXAMPLES\n.nf\n").Append(string.Concat(lines.Skip(examples + 1).Select(line => Line(line.Trim()))))
                    .Append(".fi\n");
        }
    }

    /// <summary>A section of names with their meanings; nothing where there are none.</summary>
    public void Entries(string heading, IReadOnlyList<(string Name, string About, bool IsPage)> entries)
    {
        if (entries.Count > 0)
            _text.Append(CultureInfo.InvariantCulture, $".SH {heading}\n");
        foreach (var (entry, about, isPage) in entries)
            _text.Append(CultureInfo.InvariantCulture, $".TP\n.B {(isPage ? entry + "(1)" : Escape(entry))}\n").Append(Line(about));
    }

    /// <summary>The exit codes.</summary>
    public void ExitStatus(IReadOnlyList<(int Code, string Meaning)> codes) =>
        Entries("EXIT STATUS", [.. codes.Select(code => ($"{code.Code}", code.Meaning.Replace("`", "", StringComparison.Ordinal), false))]);

    /// <summary>Other pages.</summary>
    public void SeeAlso(IReadOnlyList<string> pages)
    {
        if (pages.Count > 0)
            _text.Append(".SH SEE ALSO\n").AppendJoin(",\n", pages.Select(page => $".BR {Escape(page)} (1)")).Append('\n');
    }

    /// <inheritdoc/>
    public override string ToString() => _text.Replace(" (1),\n", " (1),\n").ToString();

    private static string Sentence(string text)
    {
        string first = text.ReplaceLineEndings(" ").Trim();
        int end = first.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? first : first[..end]).TrimEnd('.');
    }

    private static string Lower(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];

    /// <summary>A line of text: what begins with a dot or an apostrophe would be a macro.</summary>
    private static string Line(string text)
    {
        string escaped = Escape(text);
        return $"{(escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" : "")}{escaped}\n";
    }

    private static string Escape(string text) => text.ReplaceLineEndings(" ").Replace("\\", "\\e", StringComparison.Ordinal)
        .Replace("-", "\\-", StringComparison.Ordinal).Replace("'", "\\(aq", StringComparison.Ordinal);
}
