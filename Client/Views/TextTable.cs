using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Views;

/// <summary>Columns of text, as wide as their contents, readable by people and by <c>grep</c> and <c>awk</c>.</summary>
/// <param name="headings">The columns' names.</param>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    /// <summary>Adds a row of as many cells as there are headings.</summary>
    public void Add(params string[] cells) => _rows.Add([.. cells.Select(Text.OneLine)]);

    /// <summary>Writes the table.</summary>
    public void Write(TextWriter output)
    {
        int[] widths = [.. headings.Select((_, column) => _rows.Max(row => row[column].Length))];
        foreach (string[] row in _rows)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
