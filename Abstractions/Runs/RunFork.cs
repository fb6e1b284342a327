namespace Orleans.Tbptt.Runs;

/// <summary>Which state of which other run, the parent, a run began with: its <c>fork.json</c>.</summary>
/// <param name="Run">The parent's ID.</param>
/// <param name="Step">The committed steps of that state.</param>
/// <param name="Changes">What was changed in the parent's spec, as <c>key=value</c>; empty where nothing was.</param>
[GenerateSerializer, Immutable, Alias("tbptt.RunFork")]
public sealed record RunFork([property: Id(0)] string Run, [property: Id(1)] long Step, [property: Id(2)] IReadOnlyList<string> Changes)
{
    /// <summary>Whether two say the same.</summary>
    public bool Equals(RunFork? other) =>
        other is not null && Run == other.Run && Step == other.Step && Changes.SequenceEqual(other.Changes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Run, Step, Changes.Count);

    /// <summary>In words: <c>run a at step 3, with train.clipNorm=1</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"run {Run} at step {Step:N0}")
        + (Changes.Count > 0 ? $", with {string.Join(", ", Changes)}" : "");
}
