namespace Orleans.Tbptt.Client.Bisect;

/// <summary>Which runs are compared.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="A">The first run: its ID, a part of it, or its directory.</param>
/// <param name="B">The second run.</param>
internal sealed record BisectRequest(string Runs, string A, string B)
{
    /// <summary>The directory in which the first run's data lie by their names; null where they lie where its spec says.</summary>
    public string? DataA { get; init; }

    /// <summary>The same of the second run.</summary>
    public string? DataB { get; init; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json { get; init; }
}
