using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Keeps the index of a journal's segments. It is put in a new place before the first line is added, as the journal is: a former
/// coordinator adds its lines to a file that has no name any more.
/// </summary>
/// <param name="path">The journal.</param>
/// <param name="unfinished">What the index' name ends with until it is whole.</param>
/// <param name="inForce">Asked before the index takes its place: whether this journal's coordinator may still write.</param>
internal sealed class SegmentIndexWriter(string path, string unfinished, Func<bool> inForce)
{
    private long? _next;
    private long _length;

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
            using var index = new FileStream(
                SegmentFormat.Index(path), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            index.SetLength(_length);
            index.Position = _length;
            index.Write(segment.WriteIndex());
            (_next, _length) = (segment.Segment + 1, index.Position);
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
        long described = 0;
        DurableFile.Write(SegmentFormat.Index(path), stream => described = Copy(stream, segments), unfinished, EnsureInForce);
        return described;
    }

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
