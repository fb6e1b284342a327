using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Reads a table up to a number of cells: a few bytes of a packed file may unpack to any number of them.</summary>
/// <param name="table">The table.</param>
/// <param name="path">Its path, for messages.</param>
/// <param name="most">Cells of all columns, at most.</param>
internal sealed class BoundedRows(TableReader table, string path, long most) : TableReader
{
    private long _rows;

    public override IReadOnlyList<TableColumn> Columns => table.Columns;

    public override IReadOnlyList<string> Notes => table.Notes;

    public override void Choose(IReadOnlyList<ChosenColumn> columns) => table.Choose(columns);

    /// <exception cref="TableFormatException">There are more cells.</exception>
    public override bool Fill(TableBlock block)
    {
        bool isFilled = table.Fill(block);
        _rows += isFilled ? block.Rows : 0;
        return _rows <= most / Math.Max(1, Columns.Count) ? isFilled : throw new TableFormatException(
            $"more than {Wording.Count(_rows, "row")} of {Wording.Count(Columns.Count, "column")} in {path}",
            $"at most {Wording.Count(most, "cell")}", "use 'tbptt predict', which reads tables of any size");
    }

    public override string Describe(long place) => table.Describe(place);

    public override string? Advice(string cell, IEnumerable<string> others) => table.Advice(cell, others);

    public override void AddProblems(ProblemList problems) => table.AddProblems(problems);

    public override void Dispose()
    {
        table.Dispose();
        base.Dispose();
    }
}
