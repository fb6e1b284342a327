using System.Globalization;

namespace Orleans.Tbptt.Client.Tables;

/// <summary>Writes a table as comma-separated values (RFC 4180): doubles with as many digits as give them back to the bit.</summary>
internal sealed class CsvTable<T> : IOutputTable<T>
{
    private readonly TextWriter _output;
    private readonly IReadOnlyList<OutputColumn<T>> _columns;
    private readonly bool _leaveOpen;

    /// <summary>Writes the header.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="leaveOpen">Whether the output is not closed with the table.</param>
    public CsvTable(TextWriter output, IReadOnlyList<OutputColumn<T>> columns, bool leaveOpen = false)
    {
        (_output, _columns, _leaveOpen) = (output, columns, leaveOpen);
        output.WriteLine(string.Join(',', columns.Select(column => column.Name)));
    }

    /// <inheritdoc/>
    public void Add(T row)
    {
        for (int i = 0; i < _columns.Count; i++)
        {
            if (i > 0)
                _output.Write(',');
            _output.Write(Cell(_columns[i], row));
        }

        _output.WriteLine();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _output.Flush();
        if (!_leaveOpen)
            _output.Dispose();
    }

    private static string Cell(OutputColumn<T> column, T row)
    {
        if (column.Whole is { } whole)
            return whole(row).ToString(CultureInfo.InvariantCulture);
        if (column.Time is { } time)
            return time(row).ToString("O", CultureInfo.InvariantCulture);
        if (column.Number is not { } number)
            return Quoted(column.Text!(row));
        double value = number(row);
        return double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "";
    }

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
