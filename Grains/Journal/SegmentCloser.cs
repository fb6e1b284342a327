using System.Text;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Moves the older events of a journal into segments of 65,536, behind its writer: writes the segment, adds it to the index, and puts a
/// file in the journal's place that begins after it. Readers see each event once at any moment: what is before the file's first event is
/// in segments, and a segment of events that are still in the file is not looked at.
/// </summary>
/// <remarks>
/// Events that this process has written are collected from memory. Those of former coordinators, and of journals of versions without
/// segments, are read from the file, some thousands each time. Used by the writer's thread only; <see cref="Problem"/> by any.
/// </remarks>
/// <param name="path">The journal.</param>
/// <param name="unfinished">What the names of unfinished files end with.</param>
/// <param name="inForce">Asked before anything counts: whether this journal's coordinator may still write.</param>
/// <param name="last">The number of the journal's last event.</param>
/// <param name="time">The clock.</param>
internal sealed class SegmentCloser(string path, string unfinished, Func<bool> inForce, long last, TimeProvider time)
    : IDisposable
{
    /// <summary>Lines that are read from the file at a time: what the writer does not wait for notably.</summary>
    internal const int MostLines = 8_192;

    /// <summary>While more of the file is still to be closed, it is not copied yet.</summary>
    private const long MostCopied = 64L << 20;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);
    private readonly SegmentIndexWriter _index = new(path, unfinished, inForce);
    private SegmentBuilder? _builder;
    private long _last = last;
    private long _offset;
    private long _closed;
    private long _failed;

    /// <summary>Why a segment could not be closed; null while all is well. It is tried again.</summary>
    public string? Problem { get; private set; }

    /// <summary>The norm above which gradients are clipped; null where none are. Set before the first event.</summary>
    public double? ClipNorm { get; set; }

    /// <summary>Closes the index.</summary>
    public void Dispose() => _index.Dispose();

    /// <summary>Takes over what was written, and closes a segment when it is full.</summary>
    /// <param name="tail">The journal's file, at its end.</param>
    /// <param name="written">The lines that were written since the last call, now on the disk for good.</param>
    /// <returns>The journal's file from now on, at its end.</returns>
    public FileStream Advance(FileStream tail, IReadOnlyList<WrittenEvent> written)
    {
        _last += written.Count;
        if (Problem is not null && time.GetElapsedTime(_failed) < Retry)
            return tail;
        long end = tail.Position;
        var file = tail;
        try
        {
            _builder ??= new(SegmentFormat.SegmentOf(SegmentFormat.FirstInTail(path, tail)), ClipNorm);
            if (_builder.Next == _last - written.Count + 1)
                Collect(written);
            else
                Read(tail);
            tail.Position = end;
            if (_closed > 0 && _builder.Count > 0 && (_builder.Next > _last || end - _closed <= MostCopied))
                file = Rotate(tail);
            Problem = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            tail.Position = end;
            (Problem, _failed) = (exception.Message, time.GetTimestamp());
        }

        // What is written next is not on the disk unless the name of its file is.
        if (file != tail)
            DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
        return file;
    }

    private void Collect(IReadOnlyList<WrittenEvent> written)
    {
        foreach (var one in written)
        {
            CloseFull();
            if (one.Event is { } runEvent)
                _builder!.Add(runEvent, one.Line);
            else
                _builder!.Add(one.Line);
            _offset += Encoding.UTF8.GetByteCount(one.Line) + 1;
        }

        CloseFull();
    }

    private void Read(FileStream tail)
    {
        tail.Position = _offset;
        foreach (var line in JournalLines.From(tail, _offset).Take((int)Math.Min(MostLines, _last + 1 - _builder!.Next)))
        {
            CloseFull();
            _builder.Add(line.Text);
            _offset = line.Next;
        }

        CloseFull();
    }

    private void CloseFull()
    {
        if (_builder is not { IsFull: true } full)
            return;
        Directory.CreateDirectory(SegmentFormat.Directory(path));
        DurableFile.Write(SegmentFormat.File(path, full.Segment), stream => stream.Write(full.Write()), unfinished, EnsureInForce);
        (_builder, _closed) = (new(full.Segment + 1, ClipNorm), _offset);
        _index.Append(full);

        // A segment's columns outlive the collections of young objects, and one of all is rare: without this, the memory of a silo that
        // trained 6,800 steps a second moved between 233 and 281 MB. The collection runs in the background, once in 65,536 events.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
    }

    private FileStream Rotate(FileStream tail)
    {
        string copy = path + unfinished;
        var stream = new FileStream(copy, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);
        try
        {
            tail.Position = _closed;
            tail.CopyTo(stream);
            stream.Flush(flushToDisk: true);
            EnsureInForce();
            File.Move(copy, path, overwrite: true);
        }
        catch
        {
            stream.Dispose();
            File.Delete(copy);
            throw;
        }

        // From here on the new file is the journal, whatever happens.
        tail.Dispose();
        (_offset, _closed) = (_offset - _closed, 0);
        return stream;
    }

    private void EnsureInForce()
    {
        if (!inForce())
            throw new IOException("another coordinator has taken the run over");
    }
}
