using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>
/// Reads the keys of one section. Every method gives a value in any case: where there is a mistake it is reported to the findings,
/// and a stand-in comes back, which is never used. A key that is null counts as left out; one without a value is a mistake.
/// </summary>
internal sealed partial class SectionReader : SpecWalk
{
    private readonly MapNode? _map;
    private readonly string _path;
    private readonly Findings _findings;
    private readonly SpecPaths _paths;
    private readonly List<string> _known;
    private readonly string _choice = "";
    private readonly string? _variant;
    private readonly string[] _owners = [];
    private readonly bool _eachOnce;

    /// <summary>A reader of a section; of none when its mistake has been reported, and then everything is a stand-in.</summary>
    public SectionReader(MapNode? map, string path, Findings findings, SpecPaths paths)
    {
        _map = map;
        _path = path;
        _findings = findings;
        _paths = paths;
        _known = [];
    }

    /// <summary>
    /// The same section for keys that exist with some words of a choice only; or for several readers of the same keys: a key that was
    /// asked for before counts as one whose mistake is known, and none is required.
    /// </summary>
    private SectionReader(SectionReader section, string choice, string? variant, string[] owners, bool eachOnce = false)
        : this(section._map, section._path, section._findings, section._paths)
    {
        _known = section._known;
        _choice = choice;
        _variant = variant;
        _owners = owners;
        _eachOnce = eachOnce;
    }

    public override T Section<T>(string key, T value, string about, string contents, Func<SpecWalk, T, T> walk)
    {
        string expected = $"a section with {contents}";
        Node? node = Take(key) ?? Missing(key, expected);
        if (node is not (MapNode or BrokenNode or null))
            Wrong(key, node, expected, $"write its keys under {key}:");
        var section = Below(key, node as MapNode);
        T read = walk(section, value);
        section.ReportUnknown();
        return read;
    }

    public override T? OptionalSection<T>(
        string key, T? value, string about, string contents, T blank, Func<SpecWalk, T, T> walk, bool isWritten) where T : class =>
        Has(key) ? Section(key, blank, about, contents, walk) : value;

    public override T NumberOrSection<T>(
        string key, T value, string about, NumberRange range, Func<T, double?> number, Func<double, T> from, Func<SpecWalk, T, T> walk) =>
        Take(key) switch
        {
            null => value,
            MapNode => Section(key, value, about, "", walk),
            var node => Number(key, node, range) is { } read ? from(read) : value,
        };

    public override SpecWalk With(string key, string word, params string[] owners) => OnlyWith(key, IsSound(key) ? word : null, owners);

    /// <summary>Reports keys that no one asked for.</summary>
    public void ReportUnknown()
    {
        foreach (string key in _map?.Entries.Keys.Except(_known) ?? [])
        {
            string? meant = Nearest.To(key, _known);
            if (meant is not null)
                _findings.ForgetMissing(Findings.Join(_path, meant));
            string remedy = meant is null ? "remove it, or correct its spelling" : $"did you mean {meant}?";
            Report(key, "an unknown key", Show.Or(_known), remedy);
        }
    }

    /// <summary>The value of a key whose form no walk knows; null when it is left out, or its mistake is reported.</summary>
    internal Node? TakeNode(string key) => Take(key) is var node and not BrokenNode ? node : null;

    /// <summary>Reports a mistake at one of the section's keys.</summary>
    public void Report(string key, string found, string expected, string remedy) =>
        _findings.Report(Findings.Join(_path, key), found, expected, remedy);

    /// <summary>The same section for keys that exist with some words of a choice only: with another one they are refused.</summary>
    /// <param name="choice">The choice's key.</param>
    /// <param name="variant">Its word; null when it is not known because of a mistake.</param>
    /// <param name="owners">The words that have the keys.</param>
    private SectionReader OnlyWith(string choice, string? variant, params string[] owners) =>
        variant is null || owners.Contains(variant) ? this : new SectionReader(this, choice, variant, owners);

    private SectionReader Below(string key, MapNode? map) => new(map, Findings.Join(_path, key), _findings, _paths);

    private SectionText At(string key) => new(this, key, _paths);

    private bool IsSound(string key) => _findings.Sound(Findings.Join(_path, key));

    private bool Has(string key) => Take(key) is not null;

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
            return _map.Entries[key].Value is UnwrittenNode unwritten ? Refuse(key, unwritten) : _map.Entries[key].Value;
        if (!asked)
            Report(key, $"{key} with {_choice} {_variant}", $"it with {_choice} {Show.Or(_owners)} only", "remove it");
        return null;
    }

    /// <summary>Reports a key without a value, once.</summary>
    private BrokenNode Refuse(string key, UnwrittenNode unwritten)
    {
        Report(key, unwritten.Found, "a value", unwritten.Remedy);
        var broken = new BrokenNode(unwritten.Place);
        _map!.Entries[key] = _map.Entries[key] with { Value = broken };
        return broken;
    }

    private Node? Missing(string key, string expected)
    {
        if (_map is not null && !_eachOnce)
            _findings.ReportMissing(Findings.Join(_path, key), key, expected);
        return null;
    }

    private void Wrong(string key, Node node, string expected, string remedy) => Report(key, node.Found, expected, remedy);
}
