namespace Orleans.Tbptt.Specs;

/// <summary>One mistake in a spec or in the data it names, worded so that a person can mend it.</summary>
/// <param name="Key">The key in dots, such as <c>tbptt.chunkLength</c>; empty when the document as a whole is meant.</param>
/// <param name="Found">What stands there.</param>
/// <param name="Expected">What should stand there.</param>
/// <param name="Remedy">What to do about it.</param>
[GenerateSerializer, Immutable, Alias("tbptt.SpecProblem")]
public sealed record SpecProblem(
    [property: Id(0)] string Key, [property: Id(1)] string Found, [property: Id(2)] string Expected, [property: Id(3)] string Remedy)
{
    /// <summary>Where: <c>file:line:column</c> in the spec, or the <c>--set</c> option; null until it is known.</summary>
    [Id(4)] public string? Location { get; init; }

    /// <summary><c>file:line:column key: found …, expected …; remedy</c>.</summary>
    public override string ToString() =>
        $"{Location}{(Location is null || Key.Length == 0 ? "" : " ")}{Key}: found {Found}, expected {Expected}; {Remedy}";
}

/// <summary>A spec, or the data it names, is not fit to be trained on. Carries every mistake, not the first only.</summary>
[GenerateSerializer, Alias("tbptt.SpecException")]
public sealed class SpecException : Exception
{
    /// <summary>Makes the exception from all that was found.</summary>
    public SpecException(IReadOnlyList<SpecProblem> problems)
        : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    /// <summary>Makes the exception from one mistake.</summary>
    public SpecException(SpecProblem problem) : this([problem]) { }

    /// <summary>The mistakes, in the order of the document; never empty.</summary>
    [Id(0)] public IReadOnlyList<SpecProblem> Problems { get; }
}
