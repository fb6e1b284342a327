using System.Text;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Tsf;

/// <summary>
/// Reads a .tsf file in long format: a row for each value, with the attributes of its series, its <c>time</c> where the file has a start
/// and a frequency, and its <c>value</c>. A question mark is a missing value.
/// </summary>
internal sealed class TsfReader : TableReader
{
    // The longest series of the archive have seven million values.
    private const int LongestLine = 64 << 20;

    private readonly string _path;
    private readonly Stream _stream;
    private readonly ByteLines _lines;
    private readonly TsfHead _head;
    private readonly int _start;
    private IReadOnlyList<ChosenColumn> _chosen = [];
    private double[] _ofSeries = [];
    private byte[] _values = [];
    private int _at;
    private long _index;
    private DateTime? _first;
    private bool _hasRow;
    private readonly bool _hasSeries;
    private long _series;

    /// <summary>Opens a file and reads its head.</summary>
    /// <param name="path">The path in the spec, for messages.</param>
    /// <param name="opened">The path to open.</param>
    /// <param name="hasSeries">Whether the spec names the attribute that parts series; without it, a file of several is refused.</param>
    /// <exception cref="TableFormatException">It is none.</exception>
    public TsfReader(string path, string opened, bool hasSeries)
    {
        (_path, _hasSeries) = (path, hasSeries);
        _stream = File.OpenRead(opened);
        try
        {
            var head = new byte[512];
            int read = _stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            _stream.Position = 0;
            if (FileContent.Other(head.AsSpan(0, read)) is var (found, remedy))
                throw new TableFormatException($"{found}: {path}", "a .tsf file", remedy);
            _lines = new(_stream, LongestLine);
            _head = TsfHead.Read(_lines, path);
            _start = _head.Attributes.Index().FirstOrDefault(one => one.Item.Type == TsfType.Date, (-1, default)).Index;
            bool hasTime = _start >= 0 && _head.Step is not null;
            Columns =
            [
                .. _head.Attributes.Select(one => new TableColumn(one.Name, one.Type switch
                {
                    TsfType.Number => CellType.Number, TsfType.Date => CellType.Time, _ => CellType.Text,
                }) { IsOfSeries = true }),
                .. hasTime ? [new TableColumn("time", CellType.Time)] : Array.Empty<TableColumn>(),
                new TableColumn("value", CellType.Number),
            ];
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    public override IReadOnlyList<TableColumn> Columns { get; }

    public override void Choose(IReadOnlyList<ChosenColumn> columns) => (_chosen, _ofSeries) = (columns, new double[columns.Count]);

    public override bool Fill(TableBlock block)
    {
        block.Rows = 0;
        while (block.Rows < block.Capacity && (_at < _values.Length || TryBegin(block)))
            ReadValue(block);
        if (!_hasRow)
            throw new TableFormatException($"no series in {_path}", "a line ATTRIBUTE:…:VALUE,VALUE,… for each", "check the file");
        return block.Rows > 0;
    }

    public override void AddProblems(ProblemList problems)
    {
        if (_series < 2 || _hasSeries)
            return;
        string name = _head.Attributes.FirstOrDefault(one => one.Type == TsfType.Text, _head.Attributes[0]).Name;
        problems.Add(
            DataKeys.Series, $"{_series} series in {_path}", "the attribute that names them, because their values are no one stream",
            $"write data.series: {name}");
    }

    // A place is a line and a value of it.
    public override string Describe(long place) => $"{_path}:{place >> 32}, value {place & uint.MaxValue}";

    public override void Dispose()
    {
        base.Dispose();
        _stream.Dispose();
    }

    private bool TryBegin(TableBlock block)
    {
        ReadOnlySpan<byte> line;
        do
        {
            if (!TryReadLine(out line))
                return false;
        }
        while (line.Trim(" \t"u8).IsEmpty || line[0] == '#');

        _index = 0;
        _series++;
        for (int i = 0; i < _head.Attributes.Count; i++)
        {
            int end = line.IndexOf((byte)':');
            if (end < 0)
            {
                throw new TableFormatException(
                    $"{Wording.Count(i, "attribute")} at {_path}:{_lines.Number}", $"{_head.Attributes.Count} attributes and the values, "
                    + "parted by ':'", "correct the line");
            }

            Take(i, Encoding.UTF8.GetString(line[..end]).Trim(), block);
            line = line[(end + 1)..];
        }

        _values = line.ToArray();
        _at = 0;
        if (_values.Length == 0)
            throw new TableFormatException($"no values at {_path}:{_lines.Number}", "values parted by commas",
                "add them, or remove the line");
        return true;
    }

    private void Take(int attribute, string text, TableBlock block)
    {
        (string name, TsfType type) = _head.Attributes[attribute];
        if (attribute == _start)
            _first = TsfStep.TryParseDate(text, out DateTime first) ? first : null;
        for (int i = 0; i < _chosen.Count; i++)
        {
            if (_chosen[i].InFile != attribute)
                continue;
            long place = _lines.Number << 32;
            ColumnTally tally = block.Tallies[i];
            _ofSeries[i] = _chosen[i].Type switch
            {
                CellType.Text when text is not ("" or "?") => tally.AddText(text),
                CellType.Number when NumberText.TryParse(Encoding.UTF8.GetBytes(text), '.', '\0', out double number) => number,
                CellType.Time when TsfStep.TryParseDate(text, out DateTime date) =>
                    (double)(date.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond,
                _ => text is "" or "?" ? tally.AddMissing(place) : tally.AddOther(place, text),
            };
        }
    }

    private void ReadValue(TableBlock block)
    {
        _hasRow = true;
        ReadOnlySpan<byte> rest = _values.AsSpan(_at);
        int comma = rest.IndexOf((byte)',');
        ReadOnlySpan<byte> text = (comma < 0 ? rest : rest[..comma]).Trim(" \t"u8);
        _at = comma < 0 ? _values.Length : _at + comma + 1;
        if (comma >= 0 && _at == _values.Length)
            throw new TableFormatException($"a comma at the end of {_path}:{_lines.Number}", "a value behind it", "remove the comma");

        int row = block.Rows++;
        long place = block.Places[row] = (_lines.Number << 32) | (_index + 1);
        for (int i = 0; i < _chosen.Count; i++)
        {
            int column = _chosen[i].InFile;
            block.Column(i)[row] = column < _head.Attributes.Count ? _ofSeries[i]
                : column == Columns.Count - 1 ? Value(text, place, block.Tallies[i])
                : _first is { } first ? _head.Step!.Value.Time(first, _index)
                : block.Tallies[i].AddMissing(place);
        }

        _index++;
    }

    private static double Value(ReadOnlySpan<byte> text, long place, ColumnTally tally) =>
        text.SequenceEqual("?"u8) || text.IsEmpty ? tally.AddMissing(place)
        : NumberText.TryParse(text, '.', '\0', out double number) ? number : tally.AddOther(place, text);

    private bool TryReadLine(out ReadOnlySpan<byte> line)
    {
        try
        {
            return _lines.TryRead(out line);
        }
        catch (LineTooLongException error)
        {
            throw new TableFormatException(
                $"a line at {_path}:{error.Line} longer than {error.Most >> 20} MiB", "a series of fewer values", "split the series");
        }
    }
}
