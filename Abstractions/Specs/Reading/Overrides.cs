namespace Orleans.Tbptt.Specs.Reading;

/// <summary>
/// Puts <c>--set key=value</c> options into a tree, one after another, before it is bound. The value is YAML; an empty one, or <c>null</c>,
/// takes the key out, so that the default holds again.
/// </summary>
internal static class Overrides
{
    private const string Example = "KEY=VALUE, such as train.optimizer.lr=3e-3";

    public static void Apply(MapNode root, IReadOnlyList<string> sets, Findings findings)
    {
        for (int i = 0; i < sets.Count; i++)
            Apply(root, sets[i], new Place(sets[i], 1, 1, i + 1), findings);
    }

    private static void Apply(MapNode root, string set, Place place, Findings findings)
    {
        int equals = set.IndexOf('=', StringComparison.Ordinal);
        string key = equals < 0 ? set : set[..equals].Trim();
        string[] parts = key.Split('.');
        if (equals < 0)
            Malformed("no '='", "write the key, '=', and its value");
        else if (parts.Any(string.IsNullOrWhiteSpace))
            Malformed(key.Length == 0 ? "no key before '='" : $"the key {Show.Quote(key)}", "name every part of the key");
        else if (parts.Length > Limits.Depth || parts.Any(part => part.Length > Limits.KeyLength))
            Malformed("a key that is too long", "name a key of the spec");
        else if (Value(set[(equals + 1)..], key, place, findings) is { } value)
            Put(root, parts, value, place, findings);

        void Malformed(string found, string remedy) => findings.Report(place, new SpecProblem("", found, Example, remedy));
    }

    private static Node? Value(string text, string key, Place place, Findings findings)
    {
        try
        {
            if (SpecTree.FindUnprintable(text) is not null)
                throw new UnreadableException(place, "a character that cannot be printed", "YAML", "remove the character");
            return YamlTree.Read(text, key, (_, _) => place, findings) is { } value ? value
                : string.IsNullOrWhiteSpace(text) ? new ScalarNode(place, "", Quoted: false)
                : new UnwrittenNode(place, text.Trim());
        }
        catch (UnreadableException error)
        {
            findings.Report(place, error.Problem with { Key = key });
            return null;
        }
    }

    private static void Put(MapNode root, string[] parts, Node value, Place place, Findings findings)
    {
        MapNode map = root;
        for (int i = 0; i < parts.Length - 1; i++)
        {
            Node? child = map.Entries.TryGetValue(parts[i], out Entry? entry) ? entry.Value : null;
            if (child is BrokenNode)
                return;
            bool none = child is null or UnwrittenNode or ScalarNode { IsNull: true };
            if (none && value is not ScalarNode { IsNull: true })
                map.Entries[parts[i]] = new Entry(place, child = new MapNode(place));
            if (child is not MapNode next)
            {
                string above = string.Join('.', parts[..(i + 1)]);
                findings.Report(place, new SpecProblem(
                    string.Join('.', parts), $"{(child is null ? "nothing" : child.Found)} at {above}", "a section there",
                    none ? "remove the option: there is nothing to take out" : $"set {above} itself"));
                return;
            }

            map = next;
        }

        map.Entries[parts[^1]] = new Entry(place, value);
    }
}
