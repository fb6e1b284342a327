using System.Text.Json;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.JsonLines;

/// <summary>The keys of a JSON Lines file's first lines, which are its columns.</summary>
internal static class JsonKeys
{
    /// <summary>Lines that are looked at for keys.</summary>
    public const int HeadLines = 1000;

    /// <summary>Times of a key that are looked at for how they are written.</summary>
    private const int MostTimes = 250;

    private const int MostColumns = 100_000;

    /// <summary>Reads them.</summary>
    /// <param name="lines">The file from its beginning.</param>
    /// <exception cref="TableFormatException">It has no objects.</exception>
    public static IReadOnlyList<TableColumn> Read(JsonObjects lines)
    {
        var keys = new List<string>();
        var times = new Dictionary<string, List<string>?>(StringComparer.Ordinal);
        while (lines.Number < HeadLines && lines.TryRead(out ReadOnlySpan<byte> line))
        {
            if (keys.Count == 0 && lines.Other(line) is { } other)
                throw other;
            try
            {
                var reader = lines.Begin(line);
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
                throw lines.Malformed(line, error);
            }

            if (keys.Count > MostColumns)
                throw lines.TooManyKeys(MostColumns);
        }

        return keys.Count == 0 ? throw lines.Empty : [.. keys.Select(key => TimeText.Column(key, times[key] ?? []) ?? new(key))];
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
}
