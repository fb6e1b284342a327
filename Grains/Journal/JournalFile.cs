using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// The file <c>metrics.jsonl</c> as its writers see it. A last line without its end, left by a killed process or a full disk, is no event.
/// </summary>
internal static class JournalFile
{
    private const int Block = 1 << 16;
    private const byte LineEnd = (byte)'\n';

    /// <summary>The last event, when it is the end of the run; null when there is none, or the run continues.</summary>
    public static RunEnded? End(string path)
    {
        if (!File.Exists(path) || LastLine(path) is not { } last || !last.StartsWith("{\"type\":\"end\"", StringComparison.Ordinal))
            return null;
        try
        {
            return RunJson.ReadEvent(last) as RunEnded;
        }
        catch (JsonException)
        {
            return null; // Damaged: reading all of the journal reports it.
        }
    }

    /// <summary>
    /// Puts a copy of a journal in its place, and opens the copy behind its last whole line. A process that has the former file open, and
    /// may be stopped in the middle of a write to it, writes to a file that has no name any more.
    /// </summary>
    /// <param name="path">The journal; made when it is not there.</param>
    /// <param name="unfinished">What the copy's name ends with until it is whole.</param>
    /// <param name="inForce">Asked when the copy is whole: whether it may take the journal's place.</param>
    /// <param name="last">The number of its last event, or of the last one in a closed segment; 0 for none.</param>
    /// <exception cref="IOException">It cannot be written, or may not take the journal's place.</exception>
    public static FileStream TakeOver(string path, string unfinished, Func<bool> inForce, out long last)
    {
        string copy = path + unfinished;
        // No buffer: the writer hands over whole batches, and takes back what did not go in whole.
        var stream = new FileStream(copy, FileMode.Create, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, bufferSize: 0);
        try
        {
            last = CopyLines(path, stream);
            stream.Flush(flushToDisk: true);
            if (!inForce())
                throw new IOException("another coordinator has taken the run over");
            File.Move(copy, path, overwrite: true);
            DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
            return stream;
        }
        catch
        {
            stream.Dispose();
            File.Delete(copy);
            throw;
        }
    }

    /// <returns>The number of the last event.</returns>
    private static long CopyLines(string path, FileStream destination)
    {
        if (!File.Exists(path))
            return SegmentFormat.FirstInTail(path, tail: null) - 1;
        using var source = JournalLines.Open(path);
        long last = SegmentFormat.FirstInTail(path, source) - 1, end = 0;
        byte[] buffer = new byte[Block];
        for (int read; (read = source.Read(buffer)) > 0;)
        {
            long start = destination.Position;
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] == LineEnd)
                    (last, end) = (last + 1, start + i + 1);
            }

            destination.Write(buffer, 0, read);
        }

        destination.SetLength(end);
        destination.Position = end;
        return last;
    }

    /// <summary>The last whole line, read from behind; null when there is none.</summary>
    private static string? LastLine(string path)
    {
        using var stream = JournalLines.Open(path);
        for (long length = Block; ; length *= 2)
        {
            byte[] tail = new byte[Math.Min(length, stream.Length)];
            stream.Seek(-tail.Length, SeekOrigin.End);
            stream.ReadExactly(tail);
            int end = Array.LastIndexOf(tail, LineEnd);
            int start = end <= 0 ? -1 : Array.LastIndexOf(tail, LineEnd, end - 1);
            if (end >= 0 && (start >= 0 || tail.Length == stream.Length))
                return Encoding.UTF8.GetString(tail, start + 1, end - start - 1);
            if (tail.Length == stream.Length)
                return null;
        }
    }
}
