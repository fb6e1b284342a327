using System.Text.Json;

namespace Orleans.Tbptt.Journals;

/// <summary>
/// What is known of all segments without opening them: <c>metrics/index.jsonl</c>. It holds nothing that the segments do not hold; where it
/// is missing, short or damaged, they are opened instead. Not safe for several threads.
/// </summary>
/// <param name="journal">The journal's file.</param>
internal sealed class SegmentIndex(string journal)
{
    private readonly List<SegmentPart> _parts = [];
    private long _end;

    /// <summary>The segments that were read so far, in order.</summary>
    public IReadOnlyList<SegmentPart> Parts => _parts;

    /// <summary>Segments that neither the index describes nor can be opened, each with what was found.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Sees to it that as many segments are known as there are.</summary>
    /// <param name="count">How many there are.</param>
    public void Read(long count)
    {
        if (count < _parts.Count)
        {
            // Another journal is in the place.
            _parts.Clear();
            Problems.Clear();
            _end = 0;
        }

        if (count == _parts.Count)
            return;
        ReadIndex(count);
        while (_parts.Count < count)
            _parts.Add(FromSegment(_parts.Count));
    }

    /// <summary>The lines of a segment's events that are not steps, each with its line end.</summary>
    /// <exception cref="DamagedSegmentException">They are damaged.</exception>
    public byte[] Others(long segment)
    {
        var part = _parts[(int)segment];
        if (part.Others is not { } place)
            return part.ReadOthers();
        if (place.Length == 0)
            return [];
        using var index = JournalLines.Open(SegmentFormat.Index(journal));
        byte[] lines = new byte[place.Length];
        index.Position = place.Offset;
        bool isSound = index.ReadAtLeast(lines, lines.Length, throwOnEndOfStream: false) == lines.Length && lines[^1] == (byte)'\n';
        return isSound ? lines : part.ReadOthers();
    }

    /// <summary>How many bytes of an index are sound and belong together, and how many segments they describe.</summary>
    /// <param name="index">The index, at its start.</param>
    /// <param name="most">How many segments are of interest.</param>
    public static (long Length, long Segments) Measure(FileStream index, long most)
    {
        (long length, long segments) = (0, 0);
        foreach (var group in Groups(index, 0))
        {
            if (group.Record.Segment != segments || segments == most)
                break;
            (length, segments) = (group.End, segments + 1);
        }

        return (length, segments);
    }

    private void ReadIndex(long count)
    {
        string path = SegmentFormat.Index(journal);
        if (!File.Exists(path))
            return;
        using var index = JournalLines.Open(path);
        if (!JournalLines.TrySeek(index, _end))
            return;
        foreach (var group in Groups(index, _end))
        {
            if (group.Record.Segment == _parts.Count)
            {
                var part = new SegmentPart(journal, _parts.Count) { Others = (group.Begin, group.Length) };
                group.Record.Total.CopyTo(part.Total);
                _parts.Add(part);
            }

            _end = group.End;
            if (_parts.Count == count)
                return;
        }
    }

    private SegmentPart FromSegment(long segment)
    {
        var part = new SegmentPart(journal, segment);
        try
        {
            using var file = SegmentFile.Open(journal, segment);
            part.Total.Add(file.Total());
        }
        catch (DamagedSegmentException exception)
        {
            Problems.Add(exception.Message);
        }

        return part;
    }

    /// <summary>The sound groups of lines, from a place to the first one that is not.</summary>
    private static IEnumerable<Group> Groups(FileStream index, long from)
    {
        using var group = new MemoryStream();
        long begin = from;
        foreach (var line in JournalLines.From(index, from))
        {
            int length = (int)group.Length;
            group.Write(line.Bytes.Span);
            group.WriteByte((byte)'\n');
            if (!line.Bytes.Span.StartsWith("{\"segment\":"u8))
                continue;
            if (Record(line.Bytes.Span, group.GetBuffer().AsSpan(0, (int)group.Length)) is not { } record)
                yield break;
            yield return new(record, begin, length, line.Next);
            begin = line.Next;
            group.SetLength(0);
        }
    }

    private static IndexRecord? Record(ReadOnlySpan<byte> line, ReadOnlySpan<byte> group)
    {
        try
        {
            var record = JsonSerializer.Deserialize(line, SegmentJson.Default.IndexRecord);
            int hashed = group.LastIndexOf(",\"sha256\""u8);
            if (record is null || hashed < 0 || record.Sha256 != SegmentFormat.Hash(group[..hashed]))
                return null;
            record.Total.CopyTo(new());
            return record;
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            return null;
        }
    }

    private readonly record struct Group(IndexRecord Record, long Begin, int Length, long End);
}
