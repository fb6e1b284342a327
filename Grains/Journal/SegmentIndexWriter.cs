using Orleans.Tbptt.Journals;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Keeps the index of a journal's segments. It is put in a new place before the first line is added, as the journal is: a former
/// coordinator adds its lines to a file that has no name any more.
/// </summary>
/// <param name="path">The journal.</param>
/// <param name="unfinished">What the index' name ends with until it is whole.</param>
/// <param name="inForce">Asked before the index takes its place: whether this journal's coordinator may still write.</param>
internal sealed class SegmentIndexWriter(string path, string unfinished, Func<bool> inForce) : IDisposable
{
    private long? _next;
    private long _length;
    private FileStream? _index;

    /// <summary>Adds a segment that was just written. Where that fails, readers open the segment instead.</summary>
    /// <exception cref="IOException">The index cannot be written.</exception>
    public void Append(SegmentBuilder segment)
    {
        _next ??= Renew(segment.Segment);

        // One before it could not be read: who reads the index opens those that it does not describe.
        if (_next != segment.Segment)
            return;
        try
        {
            _index!.SetLength(_length);
            _index.Position = _length;
            _index.Write(segment.WriteIndex());
            (_next, _length) = (segment.Segment + 1, _index.Position);
        }
        catch
        {
            _next = null;
            throw;
        }
    }

    /// <summary>Puts an index in place that describes all segments before one.</summary>
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

        try
        {
            for (; described < segments; described++)
            {
                using var segment = SegmentFile.Open(path, described);
                byte[] others = segment.Others();
                destination.Write(SegmentBuilder.WriteIndex(described, others, others.AsSpan().Count((byte)'\n'), segment.Total()));
            }
        }
        catch (DamagedSegmentException)
        {
            // Readers open what the index does not describe, and report it.
        }

        _length = destination.Position;
        return described;
    }

    private void EnsureInForce()
    {
        if (!inForce())
            throw new IOException("another coordinator has taken the run over");
    }
}
