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
    /// <summary>Lines that are looked at for keys.</summary>
    private const int HeadLines = 1000;

    /// <summary>Times of a key that are looked at for how they are written.</summary>
    private const int MostTimes = 250;

    private const int MostColumns = 100_000;

    /// <summary>No text in UTF-8.</summary>
    private static readonly byte[] Unmatched = [0xFF];

    private const string Expected = "a JSON object a line, such as {\"time\": \"2020-01-01\", \"value\": 1.5}";

    private readonly string _path;
    private readonly long? _end;
    private readonly Stream _stream;
    private readonly ByteLines _lines;
    private readonly List<string> _unknown = [];
    private IReadOnlyList<ChosenColumn> _chosen = [];
    private byte[][] _names = [];
    private int[] _alike = [];
    private long[] _lastLine = [];
    private readonly HashSet<string> _known;

    /// <summary>Opens a file and reads the keys of its first lines.</summary>
    /// <param name="path">The path in the spec, for messages.</param>
    /// <param name="opened">The path to open.</param>
    /// <param name="end">How many bytes of it are read, where it is followed; null for all.</param>
    /// <exception cref="TableFormatException">It has no objects.</exception>
    public JsonLinesReader(string path, string opened, long? end = null)
    {
        (_path, _end) = (path, end);
        var (keys, samples) = ReadKeys(opened);
        Columns = [.. keys.Select(key => TimeText.Column(key, samples[key] ?? []) ?? new(key))];
        _known = [.. Columns.Select(column => column.Name)];
        _stream = Open(opened);
        _lines = new(_stream);
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
        while (block.Rows < block.Capacity && TryReadLine(_lines, out ReadOnlySpan<byte> line))
        {
            if (IsBlank(line))
                continue;
            try
            {
                ReadRow(line, block);
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                throw Malformed(line, _lines.Number, error);
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
        _stream.Dispose();
    }

    private Stream Open(string opened)
    {
        if (_end is { } end)
            return new FirstBytes(opened, end);
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

    /// <summary>The keys of the first lines, and for each the times in them; null where one of its values is no time.</summary>
    private (List<string> Keys, Dictionary<string, List<string>?> Times) ReadKeys(string opened)
    {
        using Stream stream = Open(opened);
        var lines = new ByteLines(stream);
        var keys = new List<string>();
        var times = new Dictionary<string, List<string>?>(StringComparer.Ordinal);
        while (lines.Number < HeadLines && TryReadLine(lines, out ReadOnlySpan<byte> line))
        {
            if (IsBlank(line))
                continue;
            if (keys.Count == 0 && FileContent.Other(line) is var (found, remedy))
                throw new TableFormatException($"{found}: {_path}", Expected, remedy);
            try
            {
                var reader = Begin(line, lines.Number);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string key = reader.GetString()!;
                    if (times.TryAdd(key, []))
                        keys.Add(key);
                    reader.Read();
                    if (times[key] is { } cells && reader.TokenType != JsonTokenType.Null)
                        times[key] = AddTime(cells, reader.TokenType == JsonTokenType.String ? reader.GetString()! : "-");
                    reader.Skip();
                }
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                throw Malformed(line, lines.Number, error);
            }

            if (keys.Count > MostColumns)
                throw new TableFormatException($"more than {MostColumns} keys up to {_path}:{lines.Number}", Expected, "check the file");
        }

        return keys.Count > 0 ? (keys, times) : throw new TableFormatException($"{_path}, which is empty", Expected, "check the file");
    }

    /// <summary>Adds a text to the times of a key; null where it is none. An empty text is no value.</summary>
    private static List<string>? AddTime(List<string> times, string text)
    {
        if (string.IsNullOrWhiteSpace(text) || times.Count == MostTimes)
            return times;
        if (TimeText.Column("", [text]) is null)
            return null;
        times.Add(text);
        return times;
    }

    private bool TryReadLine(ByteLines lines, out ReadOnlySpan<byte> line)
    {
        try
        {
            return lines.TryRead(out line);
        }
        catch (LineTooLongException error)
        {
            throw new TableFormatException(
                $"a line at {_path}:{error.Line} longer than {error.Most >> 20} MiB", Expected, "write each object on a line of its own");
        }
        catch (Exception error) when (Unpacking.IsDamage(error))
        {
            throw new TableFormatException($"{_path}, which cannot be unpacked ({error.Message})", Expected, "copy the file again");
        }
    }

    private Utf8JsonReader Begin(ReadOnlySpan<byte> line, long number)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            string what = reader.TokenType == JsonTokenType.StartArray ? "a list" : "a value";
            throw new TableFormatException(
                $"{what} at {_path}:{number}", Expected,
                "write the rows as objects, one a line (pandas: to_json(orient='records', lines=True))");
        }

        return reader;
    }

    private void ReadRow(ReadOnlySpan<byte> line, TableBlock block)
    {
        long number = _lines.Number;
        int row = block.Rows++;
        block.Places[row] = number;
        var reader = Begin(line, number);
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
            {
                throw new TableFormatException(
                    $"the key {Wording.Quote(_chosen[column].Name)} twice at {_path}:{number}", "each key once", "remove one of the two");
            }

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
        if (line <= HeadLines || _unknown.Count >= ProblemList.Shown || reader.GetString() is not { } key || !_known.Add(key))
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

    /// <summary>What stands in the place of a value and is no JSON, though other programs write it; null for nothing.</summary>
    private static string? NoNumber(ReadOnlySpan<byte> text)
    {
        foreach (string word in (string[])["NaN", "Infinity"])
        {
            int at = text.IndexOf(Encoding.ASCII.GetBytes(word));
            if (at > 0 && text[..at].TrimEnd(" -"u8) is [.., (byte)':' or (byte)',' or (byte)'['])
                return word;
        }

        return null;
    }

    // A text that is no UTF-8 is found when it is read.
    private TableFormatException Malformed(ReadOnlySpan<byte> text, long line, Exception error)
    {
        if (text.TrimEnd((byte)'\r').Contains((byte)'\r'))
        {
            return new($"lines that end with CR alone at {_path}:{line}", Expected,
                "let them end with LF or CR LF: tr '\\r' '\\n' < OLD > NEW");
        }

        if (NoNumber(text) is { } found)
        {
            return new($"{found} at {_path}:{line}, which is no JSON, though Python's json.dumps writes it", Expected,
                "write null for it, as pandas' to_json does");
        }

        string message = error.Message.Split(" LineNumber:", 2)[0].TrimEnd('.');
        return new($"text at {_path}:{line} that is no JSON object ({message})", Expected, "correct the line");
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;
}
