using System.Buffers;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Sequences of a table's rows: the inputs of row t forecast the targets of row t + horizon, or of several rows from there on, of each
/// column one after the other. Rows behind the part have no target: none that is held out is trained on.
/// </summary>
internal sealed class TableSet(DataShape shape, StreamRows rows, IFloatRows table, UsedColumns columns, int horizon, int horizons = 1)
    : StreamSet(shape, rows), ITargetUnits, IArrivedSequences
{
    private const int BlockValues = 1 << 14;

    private readonly StreamRows _rows = rows;
    private readonly int[] _inputs = [.. columns.Inputs, .. columns.Flagged];

    /// <summary>The inputs that are read from the target's row, by their place among all, and their columns.</summary>
    private readonly int[] _knownPlaces = [.. columns.Inputs.Concat(columns.Flagged).Index()
        .Where(one => columns.Known.Contains(one.Item)).Select(one => one.Index)];

    private readonly (int[] Column, bool IsKnown)[] _categories =
        [.. columns.Categories.Select((one, i) => ((int[])[columns.Names.Count + i], columns.KnownCategories.Contains(one.Name)))];

    private readonly int[] _knownColumns = [.. columns.Inputs.Concat(columns.Flagged).Where(columns.Known.Contains)];

    /// <summary>Brings values back to the units of the file.</summary>
    public required IColumnUnits Columns { get; init; }

    /// <summary>The names of the table's series; empty where it has none.</summary>
    public required IReadOnlyList<string> SeriesNames { get; init; }

    public ArrivedSteps? Arrived { get; init; }

    public int MissingRows { get; init; }

    /// <summary>Whether targets are known; otherwise all of them are masked. Default true.</summary>
    public bool HasTargets { private get; init; } = true;

    /// <summary>When rows were measured; null where nobody asks for it.</summary>
    public FloatTable? RowTimes { private get; init; }

    /// <summary>The order of the rows; needed for their times.</summary>
    public RowOrder? Order { private get; init; }

    /// <summary>The error of the naive forecast of each target; empty where nobody compares with it.</summary>
    public IReadOnlyList<double?> Naive { private get; init; } = [];

    /// <summary>The error of the naive forecast over the rows to train on; null where nobody asks for it.</summary>
    public NaiveErrors? Errors { private get; init; }

    public override ITargetUnits Units => this;

    public override ISequenceTimes? Times => RowTimes is null ? null : new TableTimes(RowTimes, Order!, _rows);

    public override string? SeriesOf(int sequence) => SeriesNames.Count == 0 ? null : SeriesNames[_rows.SeriesOf(sequence)];

    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination) =>
        Columns.ToUnits(
            _rows.SeriesOf(slice.Sequence), Position(slice) + horizon + (target % horizons), columns.Targets[target / horizons], values,
            destination);

    public double Factor(int sequence, int target) => Columns.Factor(_rows.SeriesOf(sequence), columns.Targets[target / horizons]);

    public double? NaiveRmse(int target) => Naive.Count == 0 ? null : Naive[target];

    public double NaiveError(int sequence, int target) => Errors?.Of(_rows.SeriesOf(sequence), target / horizons) ?? double.NaN;

    /// <summary>A missing input is 0, the mean; behind the inputs stands whether those that can be missing are there.</summary>
    protected override void FillInputs(SequenceSlice slice, Span<float> destination)
    {
        Fill(Position(slice), _inputs, destination);
        if (_knownPlaces.Length > 0)
            FillKnown(Position(slice) + horizon, destination);
        if (columns.Flagged.Count == 0)
            return;
        int width = _inputs.Length;
        for (int row = 0; row < destination.Length; row += width)
        {
            Span<float> values = destination[row..(row + columns.Inputs.Count)], flags = destination[(row + values.Length)..(row + width)];
            foreach (ref float value in values)
                value = float.IsNaN(value) ? 0 : value;
            foreach (ref float flag in flags)
                flag = float.IsNaN(flag) ? 0 : 1;
        }
    }

    protected override void FillTokens(SequenceSlice slice, Span<long> destination)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(Math.Max(1, slice.Length));
        Span<float> classes = rented.AsSpan(0, slice.Length);
        for (int i = 0; i < _categories.Length; i++)
        {
            Fill(Position(slice) + (_categories[i].IsKnown ? horizon : 0), _categories[i].Column, classes);
            for (int row = 0, at = i; row < classes.Length; row++, at += _categories.Length)
                destination[at] = (long)classes[row];
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    protected override void FillTargets(SequenceSlice slice, Span<float> destination)
    {
        if (!HasTargets)
            destination.Fill(float.NaN);
        else if (horizons == 1)
            Fill(Position(slice) + horizon, columns.Targets, destination);
        else
            FillAhead(slice, destination);
    }

    // From rows of columns to time steps, each with the rows ahead of it, [slice.Length, columns, horizons].
    private void FillAhead(SequenceSlice slice, Span<float> destination)
    {
        int width = columns.Targets.Count, most = slice.Length + horizons - 1;
        int known = (int)Math.Clamp(_rows.EndOf(slice.Sequence) - Position(slice), 0, most);
        float[] rented = ArrayPool<float>.Shared.Rent(Math.Max(1, known * width));
        Span<float> block = rented.AsSpan(0, known * width);
        Fill(Position(slice) + horizon, columns.Targets, block);
        for (int step = 0, at = 0; step < slice.Length; step++)
        {
            for (int column = 0; column < width; column++)
            {
                for (int ahead = step; ahead < step + horizons; ahead++)
                    destination[at++] = ahead < known ? block[(ahead * width) + column] : float.NaN;
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private void FillKnown(long row, Span<float> destination)
    {
        int count = destination.Length / _inputs.Length * _knownPlaces.Length;
        float[] rented = ArrayPool<float>.Shared.Rent(count);
        Span<float> known = rented.AsSpan(0, count);
        Fill(row, _knownColumns, known);
        for (int from = 0, to = 0; from < count; from += _knownPlaces.Length, to += _inputs.Length)
        {
            for (int i = 0; i < _knownPlaces.Length; i++)
                destination[to + _knownPlaces[i]] = known[from + i];
        }

        ArrayPool<float>.Shared.Return(rented);
    }

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
    private void Choose(ReadOnlySpan<float> block, IReadOnlyList<int> chosen, Span<float> destination)
    {
        for (int at = 0, row = 0; at < destination.Length; at += chosen.Count, row += table.Width)
        {
            for (int i = 0; i < chosen.Count; i++)
                destination[at + i] = block[row + chosen[i]];
        }
    }
}
