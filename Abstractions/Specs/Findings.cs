namespace Orleans.Tbptt.Specs;

/// <summary>Gathers the mistakes of one document and knows which keys are still to be trusted.</summary>
public sealed class Findings
{
    private const int Limit = 100;
    private readonly List<(Place Place, SpecProblem Problem)> _found = [];
    private readonly HashSet<string> _unsound = new(StringComparer.Ordinal);
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    private readonly Place _start;
    private int _unreported;

    internal Findings(Place start) => _start = start;

    /// <summary>Where each key stands; list items too, as <c>key[0]</c>.</summary>
    internal Dictionary<string, Place> Places { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether there is any mistake.</summary>
    internal bool Any => _found.Count > 0;

    /// <summary>Notes a mistake at the place of its key, or of the nearest section above it.</summary>
    public void Report(string key, string found, string expected, string remedy) =>
        Report(Near(key), new SpecProblem(key, found, expected, remedy));

    /// <summary>Notes a mistake, if there is one, at the place of its key, or of the nearest section above it.</summary>
    public void Report(SpecProblem? problem)
    {
        if (problem is not null)
            Report(Near(problem.Key), problem);
    }

    /// <summary>Notes a mistake at a place.</summary>
    internal void Report(Place place, SpecProblem problem)
    {
        _unsound.Add(problem.Key);
        if (_found.Count < Limit)
            _found.Add((place, problem with { Key = Show.Clean(problem.Key, 200), Location = place.Text }));
        else
            _unreported++;
    }

    /// <summary>Notes that a required key is not there.</summary>
    internal void ReportMissing(string key, string name, string expected)
    {
        _missing.Add(key);
        Report(key, "nothing", expected, $"add {name}");
    }

    /// <summary>
    /// Takes back that a required key is not there, because it is, misspelt, which is a mistake of its own. It is still not to be trusted.
    /// </summary>
    internal void ForgetMissing(string key)
    {
        if (!_missing.Remove(key))
            return;
        string shown = Show.Clean(key, 200);
        if (_found.RemoveAll(one => one.Problem.Key == shown && one.Problem.Found == "nothing") == 0)
            _unreported--;
    }

    /// <summary>Whether these keys, and all sections they are in, were read without a mistake. Checks across keys ask this first.</summary>
    public bool Sound(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (_unsound.Contains(key))
                return false;
            for (int dot = key.IndexOf('.'); dot >= 0; dot = key.IndexOf('.', dot + 1))
            {
                if (_unsound.Contains(key[..dot]))
                    return false;
            }
        }

        return true;
    }

    /// <summary>The mistakes in the order of the document; when there are more than a hundred, one more that says how many.</summary>
    internal IReadOnlyList<SpecProblem> InOrder()
    {
        IEnumerable<SpecProblem> reported = _found.OrderBy(found => found.Place.Order).Select(found => found.Problem);
        var more = new SpecProblem("", $"{_unreported} more", "no mistakes", "mend those above first; they may have one cause")
        {
            Location = _start.Text,
        };
        return _unreported == 0 ? [.. reported] : [.. reported, more];
    }

    internal static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private Place Near(string key)
    {
        for (; ; key = key[..key.LastIndexOf('.')])
        {
            if (Places.TryGetValue(key, out Place place))
                return place;
            if (!key.Contains('.'))
                return _start;
        }
    }
}
