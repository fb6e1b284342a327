using System.Text;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>A format of tables whose rows are objects: numbers, texts, null for a missing cell.</summary>
internal sealed record MemorySource : TableSource
{
    public MemorySource() => Standardize = false;

    public IReadOnlyList<string> Names { get; init; } = [];

    public IReadOnlyList<CellType?> Types { get; init; } = [];

    public IReadOnlyList<object?[]> Rows { get; init; } = [];

    /// <summary>A day's time, from 2020 on, as cells of time are read.</summary>
    public static double Day(int day) =>
        (new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(day) - DateTime.UnixEpoch).TotalMicroseconds;

    /// <summary>The data of a run on this table, on one lane; the file itself is never looked at.</summary>
    public DataSpec In(TempDirectory directory, double fraction = 0) => new()
    {
        Source = this with { Path = directory.Write("x.memory", "-") }, BatchSize = 1, ValidationFraction = fraction,
    };

    public override string Word => "memory";

    public override string About => "a table in memory";

    protected override string FileNoun => "a table";

    internal override TableReader OpenTable(string path) => new Reader(this);

    private sealed class Reader(MemorySource source) : TableReader
    {
        private IReadOnlyList<ChosenColumn> _chosen = [];
        private int _next;

        public override IReadOnlyList<TableColumn> Columns { get; } =
            [.. source.Names.Zip(source.Types).Select(column => new TableColumn(column.First, column.Second))];

        public override void Choose(IReadOnlyList<ChosenColumn> columns) => _chosen = columns;

        public override bool Fill(TableBlock block)
        {
            for (block.Rows = 0; block.Rows < block.Capacity && _next < source.Rows.Count; block.Rows++, _next++)
            {
                block.Places[block.Rows] = _next;
                for (int i = 0; i < _chosen.Count; i++)
                    block.Column(i)[block.Rows] = Cell(source.Rows[_next][_chosen[i].InFile], _chosen[i].Type, block.Tallies[i]);
            }

            return block.Rows > 0;
        }

        public override string Describe(long place) => $"row {place}";

        private double Cell(object? cell, CellType type, ColumnTally tally) => cell switch
        {
            null => tally.AddMissing(_next),
            double number when type != CellType.Text => number,
            string text when type == CellType.Text => tally.AddText(text),
            _ => tally.AddOther(_next, Encoding.UTF8.GetBytes($"{cell}")),
        };
    }
}
