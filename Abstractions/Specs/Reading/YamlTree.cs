using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>
/// Reads YAML from the parser's events: the library's own trees give up at the first repeated key, know no place of a key,
/// and expand aliases.
/// </summary>
internal sealed class YamlTree
{
    private readonly Parser _parser;
    private readonly TreeBuilder _builder;
    private readonly string _text;
    private readonly string _path;
    private readonly Func<int, int, Place> _at;
    private Place _last;
    private string[]? _lines;

    private YamlTree(string text, string path, Func<int, int, Place> at, Findings findings)
    {
        _text = text;
        _path = path;
        _parser = new Parser(new StringReader(text));
        _builder = new TreeBuilder(findings);
        _at = at;
        _last = at(1, 1);
    }

    private ParsingEvent Current => _parser.Current!;

    /// <summary>Reads the one document of a text; null when there is none.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="path">The key whose value the text is; empty for a whole spec.</param>
    /// <param name="at">Makes a place of a line and a column, both from 1.</param>
    /// <param name="findings">Takes mistakes that do not end the reading.</param>
    /// <exception cref="UnreadableException">The text is not YAML, or goes over a limit.</exception>
    public static Node? Read(string text, string path, Func<int, int, Place> at, Findings findings) =>
        new YamlTree(text, path, at, findings).ReadStream();

    private Node? ReadStream()
    {
        Advance();
        Advance();
        if (Current is StreamEnd)
            return null;
        Advance();
        Node node = ReadNode(_path, 0);
        Advance();
        if (Current is DocumentStart second)
            throw new UnreadableException(At(second.Start), "a second document", "one run spec in a file", "split the file at this line");
        return node;
    }

    /// <summary>Reads the node that begins at the current event, and moves on to the event after it.</summary>
    private Node ReadNode(string path, int depth)
    {
        Place place = At(Current.Start);
        _builder.Count(place, depth);
        ParsingEvent start = Current;
        Node node = start switch
        {
            Scalar scalar => new ScalarNode(place, scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => ReadList(place, path, depth),
            MappingStart => ReadMap(place, path, depth),
            AnchorAlias => _builder.Refuse(place, path, "an alias (*)", "the value itself", "write the value out"),
            _ => throw Broken(place, "Did not find expected value."),
        };
        Advance();
        if (start is NodeEvent { Anchor.IsEmpty: false } anchored)
            return Refuse("an anchor", $"&{anchored.Anchor.Value}");
        return start is NodeEvent { Tag.IsEmpty: false } tagged
            ? Refuse("a tag", tagged.Tag.Value.Replace("tag:yaml.org,2002:", "!!", StringComparison.Ordinal))
            : node;

        BrokenNode Refuse(string what, string text) =>
            _builder.Refuse(place, path, $"{what} ({Show.Clean(text)})", "a value without one", "remove it");
    }

    private ListNode ReadList(Place place, string path, int depth)
    {
        var items = new List<Node>();
        Advance();
        while (Current is not SequenceEnd)
            items.Add(ReadNode($"{path}[{items.Count}]", depth + 1));
        return new ListNode(place, items);
    }

    private MapNode ReadMap(Place place, string path, int depth)
    {
        var map = new MapNode(place);
        Advance();
        while (Current is not MappingEnd)
        {
            Place at = At(Current.Start);
            if (Current is not Scalar key)
                throw Unfit("a key that is not plain text", "the name of a key", "write the key's name before the colon");
            if (!key.Anchor.IsEmpty || !key.Tag.IsEmpty)
                throw Unfit("a key with an anchor or a tag", "the name of a key", "remove the anchor or tag");
            if (key is { Value: "<<", Style: ScalarStyle.Plain })
                throw Unfit("a merge key (<<)", "the keys themselves", "write the keys out");
            Advance();
            Node value = ReadNode(Findings.Join(path, key.Value), depth + 1);
            _builder.Add(map, path, key.Value, at, value is ScalarNode { IsEmpty: true } ? new UnwrittenNode(at, Comment(key.End)) : value);
        }

        return map;
    }

    /// <summary>The comment that stands behind a key in the place of a value; empty where there is none.</summary>
    private string Comment(Mark end)
    {
        _lines ??= _text.Split('\n');
        string line = _lines.ElementAtOrDefault((int)end.Line - 1) ?? "";
        string rest = end.Column <= line.Length ? line[((int)end.Column - 1)..].TrimStart(' ', '\t', ':').TrimEnd() : "";
        return rest.StartsWith('#') ? rest : "";
    }

    private UnreadableException Unfit(string found, string expected, string remedy) =>
        new(At(Current.Start), found, expected, remedy);

    private void Advance()
    {
        try
        {
            _parser.MoveNext();
        }
        catch (YamlException error)
        {
            throw error.Message.Contains("tab", StringComparison.Ordinal)
                ? new UnreadableException(Tab(error.Start), "a tab that indents", "spaces", "replace the tab by spaces")
                : Broken(At(error.Start), error.Message);
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // What the parser throws where a list or a section in brackets breaks off.
            throw Broken(_last, "something after this place that fits nowhere, such as an open bracket");
        }

        _last = At(Current.Start);
    }

    private static UnreadableException Broken(Place place, string message)
    {
        string found = char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');
        string remedy = message.Contains("invalid mapping", StringComparison.Ordinal)
            ? "put a text that holds a colon and a space in quotes"
            : "correct the text here or just before it";
        return new UnreadableException(place, $"text that is not YAML ({Show.Clean(found, 120)})", "YAML", remedy);
    }

    /// <summary>The parser gives the place of the section around a tab; this looks for the tab itself.</summary>
    private Place Tab(Mark from)
    {
        _lines ??= _text.Split('\n');
        for (long line = from.Line; line <= _lines.Length; line++)
        {
            string text = _lines[line - 1];
            int tab = text.IndexOf('\t');
            if (tab >= 0 && string.IsNullOrWhiteSpace(text[..tab]))
                return _at((int)line, tab + 1);
        }

        return At(from);
    }

    private Place At(Mark mark) => _at((int)mark.Line, (int)mark.Column);
}
