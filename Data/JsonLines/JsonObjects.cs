using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.JsonLines;

/// <summary>The lines of a JSON Lines file, each an object; words what is wrong with one.</summary>
/// <param name="path">The path in the spec, for messages.</param>
/// <param name="stream">The bytes; owned.</param>
/// <param name="before">Lines of the file that stand before them.</param>
internal sealed class JsonObjects(string path, Stream stream, long before = 0) : IDisposable
{
    private const string Expected = "a JSON object a line, such as {\"time\": \"2020-01-01\", \"value\": 1.5}";

    private readonly ByteLines _lines = new(stream);

    /// <summary>The number of the last line in the file, from 1.</summary>
    public long Number => before + _lines.Number;

    /// <summary>The problem of a file without an object.</summary>
    public TableFormatException Empty => new($"{path}, which is empty", Expected, "check the file");

    /// <summary>The problem of a first line that is no text.</summary>
    public TableFormatException? Other(ReadOnlySpan<byte> line) =>
        FileContent.Other(line) is var (found, remedy) ? new($"{found}: {path}", Expected, remedy) : null;

    /// <summary>The problem of more keys than columns are read.</summary>
    public TableFormatException TooManyKeys(int most) => new($"more than {most} keys up to {path}:{Number}", Expected, "check the file");

    /// <summary>The next line that is not blank.</summary>
    /// <param name="line">Its bytes, until the next call.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="TableFormatException">It is too long, or cannot be unpacked.</exception>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        try
        {
            while (_lines.TryRead(out line))
            {
                if (line.IndexOfAnyExcept(" \t\r"u8) >= 0)
                    return true;
            }

            return false;
        }
        catch (LineTooLongException error)
        {
            throw new TableFormatException(
                $"a line at {path}:{before + error.Line} longer than {error.Most >> 20} MiB", Expected,
                "write each object on a line of its own");
        }
        catch (Exception error) when (Unpacking.IsDamage(error))
        {
            throw new TableFormatException($"{path}, which cannot be unpacked ({error.Message})", Expected, "copy the file again");
        }
    }

    /// <summary>A reader behind the beginning of the object on the last line.</summary>
    /// <exception cref="TableFormatException">It is none.</exception>
    public Utf8JsonReader Begin(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            string what = reader.TokenType == JsonTokenType.StartArray ? "a list" : "a value";
            throw new TableFormatException(
                $"{what} at {path}:{Number}", Expected,
                "write the rows as objects, one a line (pandas: to_json(orient='records', lines=True))");
        }

        return reader;
    }

    /// <summary>The problem of a key that the last line has twice.</summary>
    public TableFormatException Twice(string key) =>
        new($"the key {key} twice at {path}:{Number}", "each key once", "remove one of the two");

    /// <summary>The problem of the last line, which is no object: also a text that is no UTF-8, which is found when it is read.</summary>
    public TableFormatException Malformed(ReadOnlySpan<byte> text, Exception error)
    {
        if (text.TrimEnd((byte)'\r').Contains((byte)'\r'))
        {
            return new($"lines that end with CR alone at {path}:{Number}", Expected,
                "let them end with LF or CR LF: tr '\\r' '\\n' < OLD > NEW");
        }

        if (NoNumber(text) is { } found)
        {
            return new($"{found} at {path}:{Number}, which is no JSON, though Python's json.dumps writes it", Expected,
                "write null for it, as pandas' to_json does");
        }

        string message = error.Message.Split(" LineNumber:", 2)[0].TrimEnd('.');
        return new($"text at {path}:{Number} that is no JSON object ({message})", Expected, "correct the line");
    }

    public void Dispose() => stream.Dispose();

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
}
