using System.Text;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Makes a tree of a file's text.</summary>
internal static class SpecTree
{
    private const string Spec = "a run spec in YAML or JSON";
    private const string Sections = "a section of model, data, tbptt and train";
    private const string CheckFile = "check that this is the file you meant";

    /// <summary>Reads a file; at most one byte more than the limit, so that a pipe or a device cannot flood the memory.</summary>
    /// <exception cref="UnreadableException">There is no such file, it cannot be read, or is not text.</exception>
    public static string ReadFile(string path, Place place)
    {
        try
        {
            string full = Path.GetFullPath(path);
            if (Directory.Exists(full))
                throw new UnreadableException(place, $"a directory at {Show.Clean(full, 300)}", Spec, "name a file");
            if (!File.Exists(full))
                throw new UnreadableException(place, $"no such file {Show.Clean(full, 300)}", Spec, "check the path");
            using FileStream file = File.OpenRead(full);
            byte[] bytes = new byte[Limits.Bytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length > Limits.Bytes
                ? throw TooLarge(place)
                : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            throw new UnreadableException(place, "bytes that are not UTF-8 text", Spec, $"{CheckFile}, and save it as UTF-8");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string found = $"a file that cannot be read ({Show.Clean(error.Message, 200)})";
            throw new UnreadableException(place, found, Spec, "check the path and its permissions");
        }
    }

    /// <summary>The tree of a text; its root is a section.</summary>
    /// <exception cref="UnreadableException">The text is not YAML, goes over a limit, or is no section.</exception>
    public static (MapNode Root, Findings Findings) Parse(string text, string fileName)
    {
        Place start = At(fileName, 1, 1);
        text = text.TrimStart('\ufeff');
        if (text.Length > Limits.Bytes)
            throw TooLarge(start);
        if (FindUnprintable(text) is { } bad)
            throw new UnreadableException(At(fileName, bad.Line, bad.Column), $"the character {bad.Character}", Spec, CheckFile);
        var findings = new Findings(start);
        Node? root = YamlTree.Read(text, "", (line, column) => At(fileName, line, column), findings);
        return root switch
        {
            MapNode map => (map, findings),
            null or ScalarNode { IsNull: true } =>
                throw new UnreadableException(start, "an empty document", Sections, "write the spec of a run"),
            BrokenNode => throw new UnreadableException(root.Place, findings.InOrder()[0] with { Location = null }),
            _ => throw new UnreadableException(root.Place, root.Found, Sections, "write key: value lines"),
        };
    }

    /// <summary>Enters the places of a tree's keys; list items too, as <c>key[0]</c>.</summary>
    public static void Index(Node node, string path, IDictionary<string, Place> places)
    {
        if (node is MapNode map)
        {
            foreach ((string key, Entry entry) in map.Entries)
            {
                string child = Findings.Join(path, key);
                places.TryAdd(child, entry.Place);
                Index(entry.Value, child, places);
            }
        }
        else if (node is ListNode list)
        {
            for (int i = 0; i < list.Items.Count; i++)
                places.TryAdd($"{path}[{i}]", list.Items[i].Place);
        }
    }

    /// <summary>The first character that has no business in a text file, such as NUL, where YAML's parser would see an end.</summary>
    public static (int Line, int Column, string Character)? FindUnprintable(string text)
    {
        (int line, int column) = (1, 1);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            bool control = char.IsControl(c) && c is not ('\t' or '\r' or '\n' or '\u0085');
            if (control || (char.IsSurrogate(c) && !pair) || c is '\ufffe' or '\uffff')
                return (line, column, $"U+{(int)c:X4}");
            i += pair ? 1 : 0;
            (line, column) = c == '\n' ? (line + 1, 1) : (line, column + (pair ? 2 : 1));
        }

        return null;
    }

    private static Place At(string fileName, int line, int column) => new(fileName, line, column, 0);

    private static UnreadableException TooLarge(Place place) =>
        new(place, $"more than {Limits.Bytes:N0} bytes", Spec, CheckFile);
}
