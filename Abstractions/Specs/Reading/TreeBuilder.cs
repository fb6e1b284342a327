namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Holds a tree to the limits, and finds repeated keys.</summary>
internal sealed class TreeBuilder(Findings findings)
{
    private const string Spec = "a run spec, 4 levels deep at most";
    private const string CheckFile = "check that this is the file you meant";
    private int _nodes;

    /// <summary>Counts a value.</summary>
    /// <exception cref="UnreadableException">There are too many, or it is nested too deep.</exception>
    public void Count(Place place, int depth)
    {
        if (depth > Limits.Depth)
            throw new UnreadableException(place, $"more than {Limits.Depth} levels of nesting", Spec, CheckFile);
        if (++_nodes > Limits.Nodes)
            throw new UnreadableException(place, $"more than {Limits.Nodes:N0} values", Spec, CheckFile);
    }

    /// <summary>Adds a key to a section; the first of a repeated key is kept.</summary>
    public void Add(MapNode map, string path, string key, Place place, Node value)
    {
        if (key.Length > Limits.KeyLength)
            throw new UnreadableException(place, $"a key of {key.Length:N0} characters", Spec, CheckFile);
        if (!map.Entries.TryAdd(key, new Entry(place, value)))
        {
            string expected = $"it once (it stands at {map.Entries[key].Place.Text})";
            findings.Report(place, new SpecProblem(Findings.Join(path, key), "the key a second time", expected, "remove one of the two"));
        }
    }

    /// <summary>Notes a mistake at a value and gives what stands in for it.</summary>
    public BrokenNode Refuse(Place place, string path, string found, string expected, string remedy)
    {
        findings.Report(place, new SpecProblem(path, found, expected, remedy));
        return new BrokenNode(place);
    }
}
