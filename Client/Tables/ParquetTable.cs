using ParquetSharp;

namespace Orleans.Tbptt.Client.Tables;

/// <summary>Writes a table as Parquet, compressed by Zstandard, in row groups of <see cref="Group"/> rows, one of them in memory.</summary>
internal sealed class ParquetTable<T> : IOutputTable<T>
{
    /// <summary>Rows of a row group.</summary>
    public const int Group = 1 << 16;

    private readonly ParquetFileWriter _file;
    private readonly IReadOnlyList<Buffered> _columns;
    private int _rows;

    /// <summary>Creates the file.</summary>
    public ParquetTable(string path, IReadOnlyList<OutputColumn<T>> columns)
    {
        _columns = [.. columns.Select(Buffered.Of)];
        _file = new(path, [.. _columns.Select(column => column.Declaration)], Compression.Zstd);
    }

    /// <inheritdoc/>
    public void Add(T row)
    {
        foreach (var column in _columns)
            column.Add(row);
        if (++_rows == Group)
            WriteGroup();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        WriteGroup();
        _file.Close();
        _file.Dispose();
    }

    private void WriteGroup()
    {
        if (_rows == 0)
            return;
        using var group = _file.AppendRowGroup();
        foreach (var column in _columns)
            column.Write(group);
        _rows = 0;
    }

    /// <summary>The values of a row group's column.</summary>
    private abstract class Buffered(Column declaration)
    {
        public Column Declaration => declaration;

        public static Buffered Of(OutputColumn<T> column) => column switch
        {
            { Whole: { } whole } => new Values<long>(new Column<long>(column.Name), whole),
            { Time: { } time } => new Values<DateTime>(
                new Column<DateTime>(column.Name, LogicalType.Timestamp(isAdjustedToUtc: true, TimeUnit.Micros)),
                row => time(row).UtcDateTime),
            { Number: { } number } => new Values<double>(new Column<double>(column.Name), number),
            _ => new Values<string>(new Column<string>(column.Name), column.Text!),
        };

        public abstract void Add(T row);

        public abstract void Write(RowGroupWriter group);
    }

    private sealed class Values<TValue>(Column declaration, Func<T, TValue> value) : Buffered(declaration)
    {
        private readonly TValue[] _values = new TValue[Group];
        private int _count;

        public override void Add(T row) => _values[_count++] = value(row);

        public override void Write(RowGroupWriter group)
        {
            using var writer = group.NextColumn().LogicalWriter<TValue>();
            writer.WriteBatch(_values.AsSpan(0, _count));
            _count = 0;
        }
    }
}
