using System.Globalization;
using System.Text;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using ParquetSharp;

namespace Orleans.Tbptt.Benchmarks.Tables;

/// <summary>The same table of numbers in several formats, as long as is wanted.</summary>
internal static class TableFiles
{
    private const int Columns = 14;
    private const int BatchRows = 1 << 16;
    private const int GroupRows = 1 << 20;

    /// <summary>Writes the table in every format.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="rows">How many rows of 14 numbers.</param>
    /// <returns>The word of each format's source, with the file.</returns>
    public static IReadOnlyList<(string Word, string Path)> Write(string directory, int rows)
    {
        (string Word, string Path)[] files =
        [
            ("csv", Path.Combine(directory, "table.csv")), ("parquet", Path.Combine(directory, "table.parquet")),
            ("arrow", Path.Combine(directory, "table.arrow")),
        ];
        WriteCsv(files[0].Path, rows);
        WriteParquet(files[1].Path, rows);
        WriteArrow(files[2].Path, rows);
        return files;
    }

    private static void WriteCsv(string path, int rows)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20);
        writer.Write(string.Join(',', Enumerable.Range(0, Columns).Select(Name)) + "\n");
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                writer.Write(Value(row, column).ToString("F4", CultureInfo.InvariantCulture));
                writer.Write(column < Columns - 1 ? ',' : '\n');
            }
        }
    }

    private static void WriteParquet(string path, int rows)
    {
        ParquetSharp.Column[] columns = [.. Enumerable.Range(0, Columns).Select(column => new Column<double>(Name(column)))];
        using var writer = new ParquetFileWriter(path, columns, Compression.Snappy);
        for (int first = 0; first < rows; first += GroupRows)
        {
            using RowGroupWriter group = writer.AppendRowGroup();
            for (int column = 0; column < Columns; column++)
            {
                using LogicalColumnWriter<double> values = group.NextColumn().LogicalWriter<double>();
                values.WriteBatch(Values(first, Math.Min(GroupRows, rows - first), column));
            }
        }

        writer.Close();
    }

    private static void WriteArrow(string path, int rows)
    {
        using FileStream file = File.Create(path);
        ArrowFileWriter? writer = null;
        for (int first = 0; first < rows; first += BatchRows)
        {
            var builder = new RecordBatch.Builder();
            for (int column = 0; column < Columns; column++)
            {
                ReadOnlySpan<double> values = Values(first, Math.Min(BatchRows, rows - first), column);
                builder.Append(Name(column), false, new DoubleArray.Builder().Append(values).Build());
            }

            using RecordBatch batch = builder.Build();
            writer ??= new(file, batch.Schema);
            writer.WriteRecordBatch(batch);
        }

        writer?.WriteEnd();
        writer?.Dispose();
    }

    private static string Name(int column) => $"c{column}";

    private static double[] Values(int first, int count, int column)
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = Value(first + i, column);
        return values;
    }

    // A wave with a pattern of its own in each column, to four decimals.
    private static double Value(int row, int column) =>
        Math.Round((10 * (column + 1)) + Math.Sin(row * 0.01 * (column + 1)) + (((row * 7919L) + (column * 104729L)) % 1000 * 0.001), 4);
}
