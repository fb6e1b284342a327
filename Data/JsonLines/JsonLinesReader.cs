using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.JsonLines;

/// <summary>
/// Reads a JSON Lines file: an object a line, whose keys are columns. Numbers, true (1) and false (0) are numbers, null and a key that is
/// not there are missing values. The first lines say which columns there are.
/// </summary>
internal sealed class JsonLinesReader : TableReader
{
    /// <summary>No text in UTF-8.</summary>
    private static readonly byte[] Unmatched = [0xFF];

    private readonly string _path;
    private readonly JsonObjects _lines;
    private readonly List<string> _unknown = [];
    private IReadOnlyList<ChosenColumn> _chosen = [];
    private byte[][] _names = [];
    private int[] _alike = [];
    private long[] _lastLine = [];
    private readonly HashSet<string> _known;

    /// <summary>Opens a file and reads the keys of its first lines.</summary>
    /// <param name="path">The path in the spec, for messages.</param>
    /// <param name="opened">The path to open.</param>
    /// <param name="part">Which part of it is read, where it is followed; null for all. One behind others has no columns.</param>
    /// <exception cref="TableFormatException">It has no objects.</exception>
    public JsonLinesReader(string path, string opened, FilePart? part = null)
    {
        _path = path;
        if (part is { From: > 0 })
        {
            Columns = [];
        }
        else
        {
            using var head = new JsonObjects(path, Open(opened, part));
            Columns = JsonKeys.Read(head);
        }

        _known = [.. Columns.Select(column => column.Name)];
        _lines = new(path, Open(opened, part), part?.LinesBefore ?? 0);
    }

    public override IReadOnlyList<TableColumn> Columns { get; }

    public override IReadOnlyList<string> Notes => _unknown;

    public override void Choose(IReadOnlyList<ChosenColumn> columns)
    {
        _chosen = columns;
        _names = [.. columns.Select(column => Encoding.UTF8.GetBytes(column.Name))];
        _lastLine = new long[columns.Count];

        // A key that is read in several ways leads to the first of its columns, and from each to the next.
        _alike = new int[columns.Count];
        for (int i = columns.Count - 1; i >= 0; i--)
        {
            _alike[i] = Array.FindIndex(_names, i + 1, name => name.AsSpan().SequenceEqual(_names[i]));
            if (_alike[i] >= 0)
                _names[_alike[i]] = Unmatched;
        }
    }

    public override bool Fill(TableBlock block)
    {
        block.Rows = 0;
        while (block.Rows < block.Capacity && _lines.TryRead(out ReadOnlySpan<byte> line))
        {
            try
            {
                ReadRow(line, block);
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                throw _lines.Malformed(line, error);
            }
        }

        return block.Rows > 0;
    }

    public override string? Advice(string cell, IEnumerable<string> others) =>
        double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && float.IsFinite((float)value)
            ? "write it without quotes" : null;

    public override string Describe(long place) => $"{_path}:{place}";

    public override void Dispose()
    {
        base.Dispose();
        _lines.Dispose();
    }

    private static Stream Open(string opened, FilePart? part)
    {
        if (part is { } known)
            return new PartStream(opened, known);
        FileStream file = File.OpenRead(opened);
        try
        {
            Span<byte> head = stackalloc byte[4];
            int read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            file.Position = 0;
            return Unpacking.Open(file, FileContent.PackingOf(head[..read]), opened);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void ReadRow(ReadOnlySpan<byte> line, TableBlock block)
    {
        long number = _lines.Number;
        int row = block.Rows++;
        block.Places[row] = number;
        var reader = _lines.Begin(line);
        int next = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int column = Find(ref reader, next);
            if (column < 0)
            {
                NoteUnknown(ref reader, number);
                reader.Skip();
                continue;
            }

            if (_lastLine[column] == number)
                throw _lines.Twice(Wording.Quote(_chosen[column].Name));

            next = column + 1;
            reader.Read();
            Utf8JsonReader value = reader;
            for (; column >= 0; column = _alike[column])
            {
                reader = value;
                _lastLine[column] = number;
                block.Column(column)[row] = Value(ref reader, line, column, number, block.Tallies[column]);
            }
        }

        if (reader.TokenType != JsonTokenType.EndObject)
            throw new JsonException("the object does not end");
        for (int column = 0; column < _chosen.Count; column++)
        {
            if (_lastLine[column] != number)
                block.Column(column)[row] = block.Tallies[column].AddMissing(number);
        }

        if (reader.Read())
            throw new JsonException("more than one object");
    }

    /// <summary>The column of a key; most lines have their keys in one order.</summary>
    private int Find(ref Utf8JsonReader reader, int expected)
    {
        if (expected < _names.Length && reader.ValueTextEquals(_names[expected]))
            return expected;
        for (int i = 0; i < _names.Length; i++)
        {
            if (reader.ValueTextEquals(_names[i]))
                return i;
        }

        return -1;
    }

    private void NoteUnknown(ref Utf8JsonReader reader, long line)
    {
        if (line <= JsonKeys.HeadLines || _unknown.Count >= ProblemList.Shown || reader.GetString() is not { } key || !_known.Add(key))
            return;
        _unknown.Add($"the key {Wording.Quote(key)} is left out: it is first met at {_path}:{line}, behind the lines "
            + "that name the columns");
    }

    private double Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, int column, long number, ColumnTally tally)
    {
        CellType type = _chosen[column].Type;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return tally.AddMissing(number);
            case JsonTokenType.Number when type == CellType.Number:
                return reader.TryGetDouble(out double value) && float.IsFinite((float)value) ? value
                    : tally.AddOther(number, reader.ValueSpan);
            case JsonTokenType.True or JsonTokenType.False when type == CellType.Number:
                return reader.TokenType == JsonTokenType.True ? 1 : 0;
            case JsonTokenType.String when type != CellType.Number:
                return type == CellType.Text ? tally.AddText(reader.GetString())
                    : TimeText.Of(type).Value(reader.GetString()!) is var time && !double.IsNaN(time) ? time
                    : tally.AddOther(number, reader.GetString()!);
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                int from = (int)reader.TokenStartIndex;
                reader.Skip();
                return tally.AddOther(number, line[from..(int)reader.BytesConsumed]);
            default:
                return type == CellType.Text ? tally.AddText(Encoding.UTF8.GetString(reader.ValueSpan))
                    : tally.AddOther(number, reader.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(reader.GetString()!)
                        : reader.ValueSpan);
        }
    }

}
