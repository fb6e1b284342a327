namespace Orleans.Tbptt.Specs.Reading;

/// <summary>
/// Reads the keys of one section. Every method gives a value in any case: where there is a mistake it is reported to the findings,
/// and a stand-in comes back, which is never used. A key that is null counts as left out.
/// </summary>
internal sealed partial class SectionReader
{
    private readonly MapNode? _map;
    private readonly string _path;
    private readonly Findings _findings;
    private readonly List<string> _known;
    private readonly string _choice = "";
    private readonly string? _variant;
    private readonly string[] _owners = [];
    private readonly bool _eachOnce;

    /// <summary>A reader of a section; of none when its mistake has been reported, and then everything is a stand-in.</summary>
    public SectionReader(MapNode? map, string path, Findings findings)
    {
        _map = map;
        _path = path;
        _findings = findings;
        _known = [];
    }

    private SectionReader(SectionReader section, string choice, string? variant, string[] owners, bool eachOnce = false)
        : this(section._map, section._path, section._findings)
    {
        _known = section._known;
        _choice = choice;
        _variant = variant;
        _owners = owners;
        _eachOnce = eachOnce;
    }

    /// <summary>
    /// The same section for keys that exist with some sources or optimizers only: with another one they are refused.
    /// </summary>
    /// <param name="choice">In words, what they depend on: "source" or "optimizer".</param>
    /// <param name="variant">The source or optimizer of the spec; null when it is not known for a mistake.</param>
    /// <param name="owners">Those that have the keys.</param>
    public SectionReader OnlyWith(string choice, string? variant, params string[] owners) =>
        variant is null || owners.Contains(variant) ? this : new SectionReader(this, choice, variant, owners);

    /// <summary>
    /// The same section for several readers of the same keys: a key that was asked for before counts as one whose mistake is known, and
    /// none is required.
    /// </summary>
    public SectionReader EachOnce() => new(this, "", null, [], eachOnce: true);

    /// <summary>The section at a key; null when there is none, or none is written there.</summary>
    public SectionReader? Part(string key) =>
        Take(key) is MapNode map ? new SectionReader(map, Findings.Join(_path, key), _findings) : null;

    /// <summary>A section without keys at a key that has another value.</summary>
    public SectionReader Empty(string key) => new(new MapNode(_map!.Entries[key].Place), Findings.Join(_path, key), _findings);

    /// <summary>Whether a key was read without a mistake.</summary>
    public bool IsSound(string key) => _findings.Sound(Findings.Join(_path, key));

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => Take(key) is not null;

    /// <summary>Reads a section that must be there.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="contents">In words, the keys it must have.</param>
    /// <param name="read">Reads its keys; after that, keys it did not ask for are reported as unknown.</param>
    public T Section<T>(string key, string contents, Func<SectionReader, T> read)
    {
        string expected = $"a section with {contents}";
        Node? node = Take(key) ?? Missing(key, expected);
        if (node is not (MapNode or BrokenNode or null))
            Wrong(key, node, expected, $"write its keys under {key}:");
        var section = new SectionReader(node as MapNode, Findings.Join(_path, key), _findings);
        T value = read(section);
        section.ReportUnknown();
        return value;
    }

    /// <summary>Reads a section that may be left out.</summary>
    public T? OptionalSection<T>(string key, string contents, Func<SectionReader, T> read) where T : class =>
        Has(key) ? Section(key, contents, read) : null;

    /// <summary>Reports keys that no one asked for.</summary>
    public void ReportUnknown()
    {
        foreach (string key in _map?.Entries.Keys.Except(_known) ?? [])
        {
            string remedy = Nearest.To(key, _known) is { } near ? $"did you mean {near}?" : "remove it, or correct its spelling";
            Report(key, "an unknown key", Show.Or(_known), remedy);
        }
    }

    /// <summary>Reports a mistake at one of the section's keys.</summary>
    public void Report(string key, string found, string expected, string remedy) =>
        _findings.Report(Findings.Join(_path, key), found, expected, remedy);

    /// <summary>The value of a key; null when it is left out, or refused.</summary>
    private Node? Take(string key)
    {
        bool there = _map is not null && _map.Entries.ContainsKey(key);
        bool asked = _known.Contains(key);
        if (!asked && (there || _variant is null))
            _known.Add(key);
        if (asked && _eachOnce)
            return new BrokenNode(default);
        if (!there || _map!.Entries[key].Value is ScalarNode { IsNull: true })
            return null;
        if (_variant is null)
            return _map.Entries[key].Value;
        if (!asked)
            Report(key, $"{key} with {_choice} {_variant}", $"it with {_choice} {Show.Or(_owners)} only", "remove it");
        return null;
    }

    private Node? Missing(string key, string expected)
    {
        if (_map is not null && !_eachOnce)
            Report(key, "nothing", expected, $"add {key}");
        return null;
    }

    private void Wrong(string key, Node node, string expected, string remedy) => Report(key, node.Found, expected, remedy);
}
