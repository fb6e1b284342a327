using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Problems;

/// <summary>
/// Collects mistakes, so that the user sees all of them at once; of mistakes that may be numerous (rows of a file) the first
/// <see cref="Shown"/> and the number of the others.
/// </summary>
internal sealed class ProblemList
{
    /// <summary>How many mistakes of one file's contents are listed.</summary>
    public const int Shown = 20;

    private readonly List<SpecProblem> _problems = [];
    private readonly Dictionary<string, long> _perFile = new(StringComparer.Ordinal);

    public bool IsEmpty => _problems.Count == 0;

    public void Add(string key, string found, string expected, string remedy) => _problems.Add(new(key, found, expected, remedy));

    public void AddIfAny(SpecProblem? problem)
    {
        if (problem is not null)
            _problems.Add(problem);
    }

    public void AddRange(IEnumerable<SpecProblem> problems) => _problems.AddRange(problems);

    /// <summary>Adds a mistake in the contents of a file; the text is built only when it is listed.</summary>
    public void AddInFile(string path, Func<SpecProblem> problem)
    {
        long before = _perFile.GetValueOrDefault(path);
        _perFile[path] = before + 1;
        if (before < Shown)
            _problems.Add(problem());
    }

    /// <summary>Counts mistakes in the contents of a file that are not listed.</summary>
    public void AddUnlisted(string path, long count) => _perFile[path] = _perFile.GetValueOrDefault(path) + count;

    /// <summary>All mistakes; those beyond the limit as one count per file.</summary>
    public IReadOnlyList<SpecProblem> ToList() =>
    [
        .. _problems,
        .. _perFile.Where(file => file.Value > Shown).Select(file => new SpecProblem(
            DataKeys.Source, $"and {file.Value - Shown} more mistakes in {file.Key}", "none",
            "correct those above first; they may have one cause")),
    ];

    /// <exception cref="SpecException">There are mistakes.</exception>
    public void ThrowIfAny()
    {
        if (!IsEmpty)
            throw new SpecException(ToList());
    }
}
