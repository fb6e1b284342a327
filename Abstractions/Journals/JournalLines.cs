using System.Text;
using System.Text.Json;

namespace Orleans.Tbptt.Journals;

/// <summary>
/// Reads the lines of a file that others write, and may replace. A last line without its end, left by a killed process or a full disk, is
/// no line.
/// </summary>
public static class JournalLines
{
    private const int Block = 1 << 16;
    private const byte LineEnd = (byte)'\n';

    /// <summary>Lines that <see cref="FirstNumber"/> reads at most to find one with a number.</summary>
    private const int Tries = 16;

    /// <summary>Opens a file that others write, and may replace.</summary>
    public static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>
    /// Every complete line, as long as somebody asks for the next: what is being appended meanwhile is seen complete or not at all.
    /// </summary>
    /// <param name="path">The file; it need not exist.</param>
    public static IEnumerable<string> In(string path)
    {
        if (!File.Exists(path))
            yield break;
        using var stream = Open(path);
        foreach (var line in From(stream, 0))
            yield return line.Text;
    }

    /// <summary>The complete lines from the stream's position on.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="from">Its position.</param>
    public static IEnumerable<JournalLine> From(FileStream stream, long from)
    {
        using var line = new MemoryStream();
        byte[] buffer = new byte[Block];
        for (int read; (read = stream.Read(buffer)) > 0; from += read)
        {
            int begin = 0;
            for (int end; (end = Array.IndexOf(buffer, LineEnd, begin, read - begin)) >= 0; begin = end + 1)
            {
                line.Write(buffer, begin, end - begin);
                yield return new(line.GetBuffer().AsMemory(0, (int)line.Length), from + end + 1);
                line.SetLength(0);
            }

            line.Write(buffer, begin, read - begin);
        }
    }

    /// <summary>Sets a file that was just opened where a line begins.</summary>
    /// <returns>Whether one does.</returns>
    public static bool TrySeek(FileStream stream, long at)
    {
        if (at == 0)
            return true;
        stream.Position = at - 1;
        return stream.ReadByte() == LineEnd;
    }

    /// <summary>
    /// The number of the event in the first line, and the stream at its start again; null where no line says it.
    /// </summary>
    public static long? FirstNumber(FileStream stream)
    {
        stream.Position = 0;
        long index = 0;
        long? first = null;
        foreach (var line in From(stream, 0))
        {
            if (Number(line.Bytes.Span) is { } number)
                first = number - index;
            if (first is not null || ++index == Tries)
                break;
        }

        stream.Position = 0;
        return first;
    }

    /// <summary>The number of the event in a line; null where it says none.</summary>
    public static long? Number(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("number"u8))
                    return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) ? number : null;
            }
        }
        catch (JsonException)
        {
            // A damaged line: the next one may say it.
        }

        return null;
    }
}

/// <summary>A line of a file.</summary>
/// <param name="Bytes">Its content, until the next line is asked for.</param>
/// <param name="Next">Where the next line begins.</param>
public readonly record struct JournalLine(ReadOnlyMemory<byte> Bytes, long Next)
{
    /// <summary>Its content.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);
}
