using Microsoft.AspNetCore.Html;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>
/// Markdown as markup: headings, paragraphs, lists, tables, code, emphasis and links, which is what model cards are made of. Everything
/// else, markup included, is text, because anybody may have written the card.
/// </summary>
internal sealed class MarkdownText
{
    /// <summary>Characters that are rendered.</summary>
    public const int MostText = 64 << 10;

    /// <summary>Where the page's own headings end.</summary>
    private const int FirstHeading = 3, LastHeading = 6;

    /// <summary>Characters between two marks of a line, so that many unmatched ones cost no time.</summary>
    private const int MostInline = 1_000;

    private const string Fence = "```", HeadMark = "---";

    private readonly string[] _lines;
    private readonly HtmlContentBuilder _all = new();
    private int _at;

    private MarkdownText(string text) => _lines = text.ReplaceLineEndings("\n").Split('\n');

    /// <summary>The markup of a text; a head of YAML is left out.</summary>
    public static IHtmlContent Of(string text)
    {
        var markdown = new MarkdownText(text.Length <= MostText ? text : text[..MostText]);
        markdown.SkipHead();
        while (markdown._at < markdown._lines.Length)
            markdown.Block();
        return markdown._all;
    }

    private void SkipHead()
    {
        if (_lines[0].TrimEnd() != HeadMark)
            return;
        int end = Array.FindIndex(_lines, 1, line => line.TrimEnd() == HeadMark);
        _at = end < 0 ? 0 : end + 1;
    }

    private void Block()
    {
        string line = _lines[_at];
        int level = line.TakeWhile(character => character == '#').Count();
        if (string.IsNullOrWhiteSpace(line))
            _at++;
        else if (level is > 0 and <= LastHeading && line.Length > level && line[level] == ' ')
            Heading(level, line[level..].Trim());
        else if (line.StartsWith(Fence, StringComparison.Ordinal))
            Code();
        else if (IsRow(line) && _at + 1 < _lines.Length && IsRule(_lines[_at + 1]))
            Table();
        else if (IsItem(line))
            Add($"<ul>{Html.Each(Take(IsItem), item => $"<li>{Inline(item.TrimStart()[2..])}</li>")}</ul>");
        else
            Add($"<p>{Inline(string.Join(' ', Take(IsText)))}</p>");
    }

    private void Heading(int level, string text)
    {
        _at++;
        // The card's own title stands on the page already as a heading of the second level.
        int shown = Math.Min(LastHeading, FirstHeading + level - 1);
        Add(shown switch
        {
            3 => (FormattableString)$"<h3>{Inline(text)}</h3>",
            4 => $"<h4>{Inline(text)}</h4>",
            5 => $"<h5>{Inline(text)}</h5>",
            _ => $"<h6>{Inline(text)}</h6>",
        });
    }

    private void Code()
    {
        _at++;
        var code = Take(line => !line.StartsWith(Fence, StringComparison.Ordinal), evenNone: true);
        _at++;
        Add($"""<pre tabindex="0">{string.Join('\n', code)}</pre>""");
    }

    private void Table()
    {
        var head = Cells(_lines[_at]);
        _at += 2;
        var rows = Take(IsRow, evenNone: true);
        _all.AppendHtml(Words.Table(
            string.Join(", ", head), Html.Each(head, cell => $"""<th scope="col">{Inline(cell)}</th>"""),
            Html.Each(rows, row => $"<tr>{Html.Each(Cells(row), cell => $"<td>{Inline(cell)}</td>")}</tr>")));
    }

    /// <summary>The lines from here on that are of a kind; at least this one, unless there may be none.</summary>
    private List<string> Take(Predicate<string> isOfKind, bool evenNone = false)
    {
        var taken = new List<string>();
        while (_at < _lines.Length && ((taken.Count == 0 && !evenNone) || isOfKind(_lines[_at])))
            taken.Add(_lines[_at++]);
        return taken;
    }

    private static bool IsRow(string line) => line.StartsWith('|');

    private static bool IsRule(string line) =>
        IsRow(line) && line.Contains('-') && line.All(character => character is '|' or '-' or ':' or ' ');

    private static bool IsItem(string line) => line.TrimStart() is ['-' or '*', ' ', ..];

    private static bool IsText(string line) =>
        !string.IsNullOrWhiteSpace(line) && !IsRow(line) && !IsItem(line) && line[0] != '#'
        && !line.StartsWith(Fence, StringComparison.Ordinal);

    /// <summary>The cells of a table's row; a pipe in a cell is written as <c>\|</c>.</summary>
    private static List<string> Cells(string row)
    {
        const char Pipe = '\uE000';
        string inner = row.Trim().Replace("\\|", Pipe.ToString(), StringComparison.Ordinal).Trim('|');
        return [.. inner.Split('|').Select(cell => cell.Trim().Replace(Pipe, '|'))];
    }

    private void Add(FormattableString markup) => _all.AppendHtml(Html.Of(markup)).AppendHtml("\n");

    private static IHtmlContent Inline(string text)
    {
        var all = new HtmlContentBuilder();
        int plain = 0;
        for (int at = 0; at < text.Length;)
        {
            if (Marked(text, at) is not { } found)
            {
                at++;
                continue;
            }

            all.Append(text[plain..at]).AppendHtml(Html.Of(found.Markup));
            plain = at = found.End;
        }

        return all.Append(text[plain..]);
    }

    /// <summary>Code, emphasis or a link that begins at a place; null where none does.</summary>
    private static (FormattableString Markup, int End)? Marked(string text, int at)
    {
        if (text[at] == '`' && Between(text, at, "`", "`") is { } code)
            return ($"<code>{code}</code>", at + code.Length + 2);
        if (text[at] == '*' && Between(text, at, "**", "**") is { } strong)
            return ($"<strong>{strong}</strong>", at + strong.Length + 4);
        if (text[at] == '[' && Between(text, at, "[", "](") is { } name
            && Between(text, at + name.Length + 1, "](", ")") is { } address && IsWeb(address))
            return ($"""<a href="{address}" rel="noreferrer">{name}</a>""", at + name.Length + address.Length + 4);
        return null;
    }

    private static string? Between(string text, int at, string begin, string end)
    {
        if (string.CompareOrdinal(text, at, begin, 0, begin.Length) != 0)
            return null;
        int from = at + begin.Length;
        int to = text.IndexOf(end, from, Math.Min(MostInline, text.Length - from), StringComparison.Ordinal);
        return to > from ? text[from..to] : null;
    }

    private static bool IsWeb(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);
}
