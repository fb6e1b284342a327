namespace Orleans.Tbptt.Specs;

/// <summary>A spec that was read: the spec if it is sound, every mistake if it is not, and where each key stands.</summary>
/// <param name="spec">The spec; null when there are problems.</param>
/// <param name="problems">The mistakes, located, in the order of the document.</param>
/// <param name="locations">Where each key of the document stands: <c>file:line:column</c> or <c>--set key=value</c>.</param>
/// <param name="written">What was read.</param>
public sealed class SpecDocument(
    RunSpec? spec, IReadOnlyList<SpecProblem> problems, IReadOnlyDictionary<string, string> locations, SpecText written)
{
    /// <summary>The spec; null when there are <see cref="Problems"/>.</summary>
    public RunSpec? Spec { get; } = spec;

    /// <summary>The mistakes; empty when the spec is sound.</summary>
    public IReadOnlyList<SpecProblem> Problems { get; } = problems;

    /// <summary>What was read.</summary>
    public SpecText Written { get; } = written;

    /// <summary>The same with a spec of which something was filled in.</summary>
    public SpecDocument With(RunSpec spec) => new(spec, Problems, locations, Written);

    /// <summary>Gives a problem that was found later (in the data, say) the place of its key, or of the nearest key above it.</summary>
    public SpecProblem Locate(SpecProblem problem)
    {
        if (problem.Location is not null)
            return problem;
        for (string key = problem.Key; ; key = key[..key.LastIndexOf('.')])
        {
            if (locations.TryGetValue(key, out string? location))
                return problem with { Location = location };
            if (!key.Contains('.'))
                return problem with { Location = $"{Written.FileName}:1:1" };
        }
    }

    /// <summary>A document that cannot be read any further than to one mistake.</summary>
    internal static SpecDocument Unreadable(SpecProblem problem, SpecText written) =>
        new(null, [problem], new Dictionary<string, string>(), written);
}
