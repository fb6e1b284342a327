using System.Buffers;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>A CSV file as one long stream: the inputs of row t forecast the targets of row t + horizon.</summary>
internal static class CsvSource
{
    /// <exception cref="SpecException">The file is cannot be trained on; carries every mistake found.</exception>
    public static IDataSource Open(DataSpec data, InputFiles opened)
    {
        var problems = new ProblemList();
        if (opened.Admit(DataKeys.Source, data.Paths[0], problems) is not { } path
            || new CsvFile(data, path, problems).Read() is not var (columns, table))
            throw new SpecException(problems.ToList());

        StreamCut? cut = StreamCut.TryCut(
            table.Rows, "row", data.Paths[0], data.BatchSize, data.Horizon, data.ValidationFraction, problems);
        if (cut is null)
        {
            table.Dispose();
            throw new SpecException(problems.ToList());
        }

        // Statistics over the held-out rows would leak information about them into training.
        ColumnStatistics statistics = data.Standardize
            ? ColumnStatistics.Of(table, cut.TrainingPositions)
            : ColumnStatistics.None(table.Width);
        var shape = new DataShape(columns.Inputs.Count, 0, columns.Targets.Count, 0);
        CsvSet Set(StreamRows rows) => new(shape, rows, table, columns, statistics, data.Horizon);
        return new DataSource(
            shape, Set(cut.Training), cut.Validation is null ? null : Set(cut.Validation),
            CsvForecastScale.TryMake(columns, table, statistics, cut, data.Horizon), table);
    }
}

/// <summary>Rows of the stream of a CSV file, standardised as they are read.</summary>
internal sealed class CsvSet(
    DataShape shape, StreamRows rows, FloatTable table, CsvColumns columns, ColumnStatistics statistics, int horizon)
    : StreamSet(shape, rows)
{
    private const int BlockValues = 1 << 14;

    protected override void FillInputs(SequenceSlice slice, Span<float> destination) =>
        Fill(Position(slice), columns.Inputs, destination);

    protected override void FillTargets(SequenceSlice slice, Span<float> destination) =>
        Fill(Position(slice) + horizon, columns.Targets, destination);

    private void Fill(long row, IReadOnlyList<int> chosen, Span<float> destination)
    {
        int most = Math.Max(1, BlockValues / table.Width);
        float[] rented = ArrayPool<float>.Shared.Rent(most * table.Width);
        try
        {
            while (destination.Length > 0)
            {
                int count = Math.Min(most, destination.Length / chosen.Count);
                Span<float> block = rented.AsSpan(0, count * table.Width);
                table.Read(row, block);
                Choose(block, chosen, destination[..(count * chosen.Count)]);
                row += count;
                destination = destination[(count * chosen.Count)..];
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    // [n × table.Width] to [n × chosen.Count]
    private void Choose(ReadOnlySpan<float> rows, IReadOnlyList<int> chosen, Span<float> destination)
    {
        for (int at = 0, row = 0; at < destination.Length; at += chosen.Count, row += table.Width)
        {
            for (int i = 0; i < chosen.Count; i++)
            {
                int column = chosen[i];
                destination[at + i] = (float)((rows[row + column] - statistics.Mean[column]) / statistics.Deviation[column]);
            }
        }
    }
}
