using Apache.Arrow;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>Reads a table that comes in Arrow's record batches, one of which is in memory at a time.</summary>
/// <param name="path">The path in the spec, for messages.</param>
internal abstract class BatchTableReader(string path) : TableReader
{
    private readonly List<string> _notes = [];
    private IReadOnlyList<ChosenColumn> _chosen = [];
    private TableColumn[] _columns = [];
    private int[] _inFile = [];
    private RecordBatch? _batch;
    private int _at;
    private long _row;

    public sealed override IReadOnlyList<TableColumn> Columns => _columns;

    public override IReadOnlyList<string> Notes => _notes;

    /// <summary>The path in the spec.</summary>
    protected string Path => path;

    /// <summary>For each column that is chosen, its index in the file's schema.</summary>
    protected IReadOnlyList<int> ChosenInFile { get; private set; } = [];

    public override void Choose(IReadOnlyList<ChosenColumn> columns)
    {
        _chosen = columns;
        ChosenInFile = [.. columns.Select(column => _inFile[column.InFile])];
    }

    public override bool Fill(TableBlock block)
    {
        block.Rows = 0;
        while (block.Rows < block.Capacity)
        {
            if (_batch is null || _at == _batch.Length)
            {
                _batch?.Dispose();
                if ((_batch = TryNext()) is null)
                    break;
                _at = 0;
                continue;
            }

            int count = Math.Min(block.Capacity - block.Rows, _batch.Length - _at);
            for (int i = 0; i < _chosen.Count; i++)
            {
                ReadCells(_batch, i, block.Tallies[i], block.Column(i).Slice(block.Rows, count));
            }

            for (int row = 0; row < count; row++)
                block.Places[block.Rows + row] = ++_row;
            block.Rows += count;
            _at += count;
        }

        if (_row == 0)
            throw new TableFormatException($"{path}, which has no rows", "rows of numbers", "check the file");
        return block.Rows > 0;
    }

    public override string Describe(long place) => $"{path}, row {place}";

    public override void Dispose()
    {
        base.Dispose();
        _batch?.Dispose();
    }

    // Offsets and indices of a damaged file lead anywhere; the library checks each of them, but not beforehand.
    private void ReadCells(RecordBatch batch, int chosen, ColumnTally tally, Span<double> cells)
    {
        string? damage;
        try
        {
            IArrowArray array = batch.Column(Place(chosen));
            damage = array.Length == batch.Length ? null : $"{array.Length} cells in {batch.Length} rows";
            if (damage is null)
                ArrowCells.Read(array, _at, _chosen[chosen].Type, _row + 1, tally, cells);
        }
        catch (Exception error) when (error is ArgumentException or IndexOutOfRangeException or OverflowException or InvalidCastException
            or NullReferenceException or InvalidOperationException)
        {
            damage = error.Message;
        }

        if (damage is not null)
        {
            throw new TableFormatException(
                $"the column {Wording.Quote(_chosen[chosen].Name)} of {path} from row {_row + 1} on, which cannot be read ({damage})",
                "a file that is whole", "copy or write the file again");
        }
    }

    /// <summary>The next batch; null when there is none.</summary>
    /// <exception cref="TableFormatException">It cannot be read.</exception>
    protected abstract RecordBatch? TryNext();

    /// <summary>The place of a chosen column in a batch.</summary>
    protected virtual int Place(int chosen) => ChosenInFile[chosen];

    /// <summary>Takes the columns of a schema; a column of lists, structures or bytes is no column of a table, and is noted.</summary>
    protected void SetColumns(Schema schema)
    {
        var columns = new List<TableColumn>();
        var inFile = new List<int>();
        foreach ((int index, Field field) in schema.FieldsList.Index())
        {
            if (ArrowCells.TypeOf(field.DataType) is { } type)
            {
                columns.Add(new(field.Name, type));
                inFile.Add(index);
            }
            else
            {
                _notes.Add($"the column {Wording.Quote(field.Name)} is left out: it is of type {field.DataType.Name}");
            }
        }

        (_columns, _inFile) = ([.. columns], [.. inFile]);
    }
}
