namespace Orleans.Tbptt.Specs.Keys;

/// <summary>Names, each with the one that takes its place, in the order of the document. Equal when they say the same.</summary>
/// <param name="pairs">The names; none twice.</param>
public sealed class NameMap(IReadOnlyList<KeyValuePair<string, string>> pairs) : IEquatable<NameMap>
{
    /// <summary>Without a name.</summary>
    public static NameMap None { get; } = new([]);

    /// <summary>The names, each with the one that takes its place.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs => pairs;

    /// <inheritdoc/>
    public bool Equals(NameMap? other) => other is not null && pairs.SequenceEqual(other.Pairs);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NameMap);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        string.Join('\0', pairs.Select(pair => $"{pair.Key}\0{pair.Value}")).GetHashCode(StringComparison.Ordinal);
}
