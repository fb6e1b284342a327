using System.Buffers;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>A CSV file as one long stream: the inputs of row t forecast the targets of row t + horizon.</summary>
public sealed record CsvSource : OpenableSource
{
    /// <summary>The absolute path of the file.</summary>
    public string Path { get; init; } = "";

    /// <summary>Names of the columns that are inputs; those of numbers when left out.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Names of the columns that are targets; the inputs when left out.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>How many rows ahead of its input a target lies. Default 1.</summary>
    public int Horizon { get; init; } = 1;

    /// <summary>Whether columns are standardised (mean 0, deviation 1) with the statistics of the training part. Default true.</summary>
    public bool Standardize { get; init; } = true;

    /// <inheritdoc/>
    public override string Word => "csv";

    /// <inheritdoc/>
    public override string About => "a file with a header and one row a time step, as one long stream";

    /// <inheritdoc/>
    public override string Form => "csv:PATH";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => [Path];

    /// <inheritdoc/>
    public override bool IsStream => true;

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } path ? this with { Path = text.File(path, "a CSV file") } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Inputs = walk.Texts("inputs", Inputs, "columns by name", "column name", "numeric columns"),
        Targets = walk.Texts("targets", Targets, "columns by name", "column name", "the inputs"),
        Horizon = walk.Count("horizon", Horizon, "rows from an input to its target"),
        Standardize = walk.Flag("standardize", Standardize, "mean 0 and deviation 1, by the training part"),
    };

    /// <summary>Equal in every member, lists item by item.</summary>
    public bool Equals(CsvSource? other) =>
        other is not null && Path == other.Path && Inputs.SequenceEqual(other.Inputs) && Targets.SequenceEqual(other.Targets)
        && Horizon == other.Horizon && Standardize == other.Standardize;

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Path, string.Join('\0', Inputs), string.Join('\0', Targets), Horizon, Standardize);

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened)
    {
        DataSpec data = spec.Data;
        var problems = new ProblemList();
        if (opened.Admit(DataKeys.Source, Path, problems) is not { } path
            || new CsvFile(this, path, problems).Read() is not var (columns, table))
            throw new SpecException(problems.ToList());

        StreamCut? cut = StreamCut.TryCut(
            table.Rows, "row", Path, data.BatchSize, Horizon, data.ValidationFraction, problems);
        if (cut is null)
        {
            table.Dispose();
            throw new SpecException(problems.ToList());
        }

        // Statistics over the held-out rows would leak information about them into training.
        ColumnStatistics statistics = Standardize
            ? ColumnStatistics.Of(table, cut.TrainingPositions)
            : ColumnStatistics.None(table.Width);
        var shape = new DataShape(columns.Inputs.Count, 0, columns.Targets.Count, 0);
        CsvSet Set(StreamRows rows) => new(shape, rows, table, columns, statistics, Horizon);
        return new DataSource(
            shape, Set(cut.Training), cut.Validation is null ? null : Set(cut.Validation),
            CsvForecastScale.TryMake(columns, table, statistics, cut, Horizon), table);
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
