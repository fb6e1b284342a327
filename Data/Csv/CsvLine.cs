namespace Orleans.Tbptt.Data.Csv;

/// <summary>A line of a CSV file's beginning.</summary>
/// <param name="Number">Its number in the file, from 1.</param>
/// <param name="Text">Its text, line breaks in quotes included.</param>
internal sealed record CsvLine(long Number, string Text)
{
    /// <summary>Cuts a text into lines; a cell that begins with a quote may have line breaks in it.</summary>
    /// <param name="text">The beginning of a file.</param>
    /// <param name="isAll">Whether it is the whole file; otherwise its last line, which may be incomplete, is left out.</param>
    /// <param name="first">The number of the first line.</param>
    /// <param name="comment">What remarks begin with; NUL for none.</param>
    /// <param name="most">How many lines at most.</param>
    public static List<CsvLine> Of(string text, bool isAll, long first, char comment, int most)
    {
        var lines = new List<CsvLine>();
        long number = first, start = first;
        int from = 0;
        bool quoted = false;
        for (int at = 0; at < text.Length && lines.Count < most; at++)
        {
            if (text[at] == '"' && (quoted || Begins(text.AsSpan(from, at - from))))
                quoted = !quoted && text[from] != comment;
            bool ends = text[at] == '\n' || (text[at] == '\r' && at + 1 < text.Length && text[at + 1] != '\n');
            if (!ends)
                continue;
            number++;
            if (quoted)
                continue;
            lines.Add(new(start, text[from..at].TrimEnd('\r')));
            (from, start) = (at + 1, number);
        }

        if (isAll && from < text.Length && lines.Count < most)
            lines.Add(new(start, text[from..].TrimEnd('\r', '\n')));
        return lines;
    }

    /// <summary>The cells between separators that are outside of quotes, without their quotes and the blanks around them.</summary>
    public string[] Split(char separator)
    {
        var cells = new List<string>();
        string text = separator == ' ' ? Text.Trim(' ', '\t') : Text;
        int from = 0;
        bool quoted = false;
        for (int at = 0; at <= text.Length; at++)
        {
            bool ends = at == text.Length || (!quoted && (text[at] == separator || (separator == ' ' && text[at] == '\t')));
            if (at < text.Length)
                quoted ^= text[at] == '"';
            if (!ends)
                continue;
            if (separator != ' ' || at > from)
                cells.Add(Unquote(text[from..at].Trim(' ', '\t')));
            from = at + 1;
        }

        return [.. cells];
    }

    /// <summary>Whether what follows a part of a line is the beginning of a cell.</summary>
    private static bool Begins(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(' ');
        return before.IsEmpty || before[^1] is ',' or ';' or '\t' or '|' or '"';
    }

    /// <summary>How many cells the line has.</summary>
    public int Count(char separator)
    {
        if (separator == ' ')
            return Split(separator).Length;
        int count = 1;
        bool quoted = false;
        foreach (char one in Text)
        {
            quoted ^= one == '"';
            count += one == separator && !quoted ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether a character stands outside of quotes.</summary>
    public bool HasOutsideQuotes(char separator) =>
        Text.Split('"').Where((_, part) => part % 2 == 0).Any(part => part.Contains(separator, StringComparison.Ordinal));

    private static string Unquote(string cell) =>
        cell is ['"', .. var inner, '"'] ? inner.Replace("\"\"", "\"", StringComparison.Ordinal) : cell;
}
