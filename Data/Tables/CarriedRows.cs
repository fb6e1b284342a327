using System.Globalization;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// How many of a table's last rows those that follow depend on: the one before for differences and for cells that are filled from it, those
/// that wait for rows ahead of them where columns are known ahead.
/// </summary>
/// <param name="Before">Rows before the first one that is to be forecast from: 1 or 0.</param>
/// <param name="Waiting">Rows that are to be forecast from once the rows ahead of them are there.</param>
internal readonly record struct CarriedCount(int Before, int Waiting)
{
    /// <summary>All of them.</summary>
    public int All => Before + Waiting;

    /// <summary>The rows that a table's inputs need.</summary>
    public static CarriedCount Of(TableSource source) => new(
        source.MissingValues == MissingValues.Forward || source.Inputs.Any(source.IsDifference) ? 1 : 0,
        source.Known.Count > 0 ? source.Horizon : 0);

    /// <summary>How many of the rows that were carried were forecast from already.</summary>
    /// <param name="carried">How many were carried: fewer than all where there were no more.</param>
    public int DoneOf(int carried) => Math.Max(0, carried - Waiting);
}

/// <summary>Reads a table as if the last rows of the one before stood above it.</summary>
/// <param name="table">The table; not owned.</param>
/// <param name="source">Names its columns.</param>
/// <param name="before">Where its series ended.</param>
internal sealed class CarriedRows(TableReader table, TableSource source, RowsBefore before) : TableReader
{
    /// <summary>In the place of a row that no file has.</summary>
    private const long NoPlace = -1;

    private readonly List<(SeriesEnd End, IReadOnlyList<string?> Row)> _rows = [.. (before.All ?? []).SelectMany(Carried)];

    private IReadOnlyList<ChosenColumn> _chosen = [];
    private int _next;

    // Of rows that arrive: how many series were met in them, and the rows that wait for those which are carried.
    private int _met;
    private (double[] Cells, long[] Places)? _waiting;

    public override IReadOnlyList<TableColumn> Columns => table.Columns;

    public override IReadOnlyList<string> Notes => table.Notes;

    public override void Choose(IReadOnlyList<ChosenColumn> columns)
    {
        _chosen = columns;
        table.Choose(columns);
    }

    public override bool Fill(TableBlock block)
    {
        if (_next < _rows.Count)
            FillCarried(block);
        else if (_waiting is { } waiting)
            Restore(block, waiting.Cells, waiting.Places);
        else if (!table.Fill(block))
            return false;
        else if (before.ArePart)
            PutBefore(block);
        return true;
    }

    public override string Describe(long place) => place == NoPlace ? "the last row before" : table.Describe(place);

    public override string? Advice(string cell, IEnumerable<string> others) => table.Advice(cell, others);

    public override void AddProblems(ProblemList problems) => table.AddProblems(problems);

    /// <summary>The name of a column in <see cref="SeriesEnd.Columns"/>.</summary>
    public static string NameOf(ChosenColumn column) => $"{column.Type} {column.Name}";

    /// <summary>A cell as <see cref="SeriesEnd.LastRows"/> has it.</summary>
    /// <param name="column">Its column.</param>
    /// <param name="cell">What was read.</param>
    /// <param name="tally">Has the texts.</param>
    public static string? TextOf(ChosenColumn column, double cell, ColumnTally tally) => double.IsNaN(cell) ? null
        : column.Type == CellType.Text ? tally.Texts[(int)cell] : cell.ToString("R", CultureInfo.InvariantCulture);

    private static IEnumerable<(SeriesEnd End, IReadOnlyList<string?> Row)> Carried(SeriesEnd end) =>
        end.LastRows.Select(row => (end, row));

    /// <summary>Puts the carried rows of series that a block has for the first time in its place.</summary>
    private void PutBefore(TableBlock block)
    {
        if (source.Series is { } series)
        {
            int column = _chosen.Index().First(one => one.Item.Name == series && one.Item.Type == CellType.Text).Index;
            IReadOnlyList<string> names = block.Tallies[column].Texts;
            for (; _met < names.Count; _met++)
                Carry(names[_met]);
        }
        else if (_met++ == 0)
            Carry("");

        if (_next == _rows.Count)
            return;
        _waiting = (new double[block.Width * block.Rows], block.Places[..block.Rows]);
        for (int column = 0; column < block.Width; column++)
            block.Column(column)[..block.Rows].CopyTo(_waiting.Value.Cells.AsSpan(column * block.Rows));
        FillCarried(block);
    }

    private void Carry(string name)
    {
        if (before.ByName.TryGetValue(name, out SeriesEnd? end))
            _rows.AddRange(Carried(end));
    }

    private void FillCarried(TableBlock block)
    {
        for (block.Rows = 0; block.Rows < block.Capacity && _next < _rows.Count; block.Rows++, _next++)
        {
            block.Places[block.Rows] = NoPlace;
            for (int column = 0; column < _chosen.Count; column++)
                block.Column(column)[block.Rows] = Cell(_rows[_next].End, _rows[_next].Row, _chosen[column], block.Tallies[column]);
        }
    }

    private void Restore(TableBlock block, double[] cells, long[] places)
    {
        block.Rows = places.Length;
        places.CopyTo(block.Places, 0);
        for (int column = 0; column < block.Width; column++)
            cells.AsSpan(column * block.Rows, block.Rows).CopyTo(block.Column(column));
        _waiting = null;
    }

    private static double Cell(SeriesEnd end, IReadOnlyList<string?> row, ChosenColumn column, ColumnTally tally)
    {
        int at = IndexOf(end.Columns, NameOf(column));

        // Texts of times may be read in one way more than before.
        if (at < 0 && column.Type.IsTime())
        {
            at = IndexOf(end.Columns, NameOf(column with { Type = CellType.Time }));
            at = at >= 0 ? at : IndexOf(end.Columns, NameOf(column with { Type = CellType.DayFirstTime }));
        }

        return at < 0 || row[at] is not { } text ? tally.AddMissing(NoPlace)
            : column.Type == CellType.Text ? tally.AddText(text.AsSpan())
            : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
                return i;
        }

        return -1;
    }
}
