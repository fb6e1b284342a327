using Orleans.Tbptt.Journals;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Keeps the index of a journal's segments. It is put in a new place before the first line is added, as the journal is: a former
/// coordinator adds its lines to a file that has no name any more.
/// </summary>
/// <param name="path">The journal.</param>
/// <param name="unfinished">What the index' name ends with until it is whole.</param>
/// <param name="inForce">Asked before the index takes its place: whether this journal's coordinator may still write.</param>
/// <param name="most">
/// So many segments of former coordinators are described at a time: where an index of thousands was removed, the journal's writer must not
/// be held up while all of them are read.
/// </param>
internal sealed class SegmentIndexWriter(string path, string unfinished, Func<bool> inForce, int most = 64) : IDisposable
{
    private long? _next;
    private bool _damaged;
    private long _length;
    private FileStream? _index;

    /// <summary>Adds a segment that was just written. Where that fails, readers open the segment instead.</summary>
    /// <exception cref="IOException">The index cannot be written.</exception>
    public void Append(SegmentBuilder segment)
    {
        _next ??= Renew(segment.Segment);
        try
        {
            _index!.SetLength(_length);
            _index.Position = _length;
            Describe(segment.Segment);

            // Who reads the index opens those that it does not describe.
            if (_next != segment.Segment)
                return;
            _index.Write(segment.WriteIndex());
            (_next, _length) = (segment.Segment + 1, _index.Position);
        }
        catch
        {
            _next = null;
            throw;
        }
    }

    /// <summary>Puts an index in place that describes what the former one did, of the segments before one.</summary>
    /// <returns>How many it describes.</returns>
    private long Renew(long segments)
    {
        Dispose();
        string copy = SegmentFormat.Index(path) + unfinished;
        var index = new FileStream(copy, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            long described = Copy(index, segments);
            index.Flush(flushToDisk: true);
            EnsureInForce();
            File.Move(copy, SegmentFormat.Index(path), overwrite: true);
            _index = index;
            return described;
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    /// <summary>Closes the index.</summary>
    public void Dispose() => _index?.Dispose();

    private long Copy(Stream destination, long segments)
    {
        long described = 0;
        if (File.Exists(SegmentFormat.Index(path)))
        {
            using var former = JournalLines.Open(SegmentFormat.Index(path));
            (long length, described) = SegmentIndex.Measure(former, segments);
            former.Position = 0;
            byte[] buffer = new byte[1 << 16];
            for (int read; length > 0 && (read = former.Read(buffer, 0, (int)Math.Min(buffer.Length, length))) > 0; length -= read)
                destination.Write(buffer, 0, read);
        }

        _length = destination.Position;
        return described;
    }

    /// <summary>Adds lines of segments that are there already, up to one, a limited number at a time.</summary>
    private void Describe(long end)
    {
        try
        {
            for (long last = Math.Min(end, _next!.Value + most); !_damaged && _next < last; _next++)
            {
                using var segment = SegmentFile.Open(path, _next.Value);
                byte[] others = segment.Others();
                _index!.Write(SegmentBuilder.WriteIndex(_next.Value, others, others.AsSpan().Count((byte)'\n'), segment.Total()));
                _length = _index.Position;
            }
        }
        catch (DamagedSegmentException)
        {
            // Readers open what the index does not describe, and report it.
            _damaged = true;
        }
    }

    private void EnsureInForce()
    {
        if (!inForce())
            throw new IOException("another coordinator has taken the run over");
    }
}
