using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>Reads <c>metrics.jsonl</c>. A last line without its end, left by a killed process or a full disk, is no event.</summary>
internal static class JournalFile
{
    /// <summary>Events after a number.</summary>
    public static EventPage Read(string path, long after, int limit)
    {
        List<string> lines = [];
        if (File.Exists(path) && after <= int.MaxValue)
        {
            var all = EndsWithWholeLine(path) ? File.ReadLines(path) : File.ReadLines(path).SkipLast(1);
            lines.AddRange(all.Skip((int)after).Take(limit));
        }

        return new(lines, after + lines.Count);
    }

    /// <summary>Goes to the end of the last whole line and cuts off what follows.</summary>
    /// <returns>How many lines there are.</returns>
    public static long CutTornLine(FileStream stream)
    {
        long lines = 0, end = 0;
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                    (lines, end) = (lines + 1, stream.Position - read + i + 1);
            }
        }

        stream.SetLength(end);
        stream.Position = end;
        return lines;
    }

    private static bool EndsWithWholeLine(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (stream.Length == 0)
            return true;
        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() == '\n';
    }
}
