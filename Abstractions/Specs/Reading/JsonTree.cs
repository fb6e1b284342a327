using System.Text;
using System.Text.Json;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Reads JSON into the tree that YAML is read into; a string of JSON is a quoted scalar.</summary>
internal sealed class JsonTree
{
    private readonly byte[] _bytes;
    private readonly TreeBuilder _builder;
    private readonly string _fileName;
    private int _seen;
    private int _line = 1;
    private int _column = 1;

    private JsonTree(string text, string fileName, Findings findings)
    {
        _bytes = Encoding.UTF8.GetBytes(text);
        _builder = new TreeBuilder(findings);
        _fileName = fileName;
    }

    /// <summary>Reads the one value of a text.</summary>
    /// <exception cref="UnreadableException">The text is not JSON, or goes over a limit.</exception>
    public static Node Read(string text, string fileName, Findings findings) => new JsonTree(text, fileName, findings).Read();

    private Node Read()
    {
        var reader = new Utf8JsonReader(_bytes, new JsonReaderOptions { MaxDepth = 2 * Limits.Depth });
        Advance(ref reader);
        Node node = ReadNode(ref reader, "", 0);
        Advance(ref reader);
        return node;
    }

    private Node ReadNode(ref Utf8JsonReader reader, string path, int depth)
    {
        Place place = At(reader.TokenStartIndex);
        _builder.Count(place, depth);
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadMap(ref reader, place, path, depth),
            JsonTokenType.StartArray => ReadList(ref reader, place, path, depth),
            JsonTokenType.String => new ScalarNode(place, Text(ref reader, place), Quoted: true),
            _ => new ScalarNode(place, Encoding.UTF8.GetString(reader.ValueSpan), Quoted: false),
        };
    }

    private MapNode ReadMap(ref Utf8JsonReader reader, Place place, string path, int depth)
    {
        var map = new MapNode(place);
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndObject; Advance(ref reader))
        {
            Place at = At(reader.TokenStartIndex);
            string key = Text(ref reader, at);
            Advance(ref reader);
            _builder.Add(map, path, key, at, ReadNode(ref reader, Findings.Join(path, key), depth + 1));
        }

        return map;
    }

    private ListNode ReadList(ref Utf8JsonReader reader, Place place, string path, int depth)
    {
        var items = new List<Node>();
        for (Advance(ref reader); reader.TokenType != JsonTokenType.EndArray; Advance(ref reader))
            items.Add(ReadNode(ref reader, $"{path}[{items.Count}]", depth + 1));
        return new ListNode(place, items);
    }

    private void Advance(ref Utf8JsonReader reader)
    {
        try
        {
            reader.Read();
        }
        catch (JsonException error)
        {
            string message = error.Message.Split(" LineNumber:")[0].Replace(" Change the reader options.", "", StringComparison.Ordinal);
            throw NotJson(At(error.LineNumber ?? 0, error.BytePositionInLine ?? 0), message.TrimEnd('.'));
        }
    }

    private static string Text(ref Utf8JsonReader reader, Place place)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw NotJson(place, "an escape that stands for half a character");
        }
    }

    private static UnreadableException NotJson(Place place, string message) =>
        new(place, $"text that is not JSON ({Show.Clean(message, 120)})", "JSON", "correct the text here or just before it");

    /// <summary>Tokens come in order, so that lines and characters are counted once.</summary>
    private Place At(long index)
    {
        for (; _seen < index; _seen++)
        {
            if (_bytes[_seen] == '\n')
                (_line, _column) = (_line + 1, 1);
            else if ((_bytes[_seen] & 0xc0) != 0x80)
                _column += _bytes[_seen] >= 0xf0 ? 2 : 1;
        }

        return new Place(_fileName, _line, _column, 0);
    }

    private Place At(long line, long byteInLine)
    {
        int start = 0;
        for (long skipped = 0; skipped < line; skipped++)
            start = Array.IndexOf(_bytes, (byte)'\n', start) + 1;
        int length = (int)Math.Min(byteInLine, _bytes.Length - start);
        return new Place(_fileName, (int)line + 1, Encoding.UTF8.GetCharCount(_bytes, start, length) + 1, 0);
    }
}
