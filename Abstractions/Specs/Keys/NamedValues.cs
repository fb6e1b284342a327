namespace Orleans.Tbptt.Specs.Keys;

/// <summary>Values by name, in the order of the document. Equal when they say the same.</summary>
/// <param name="pairs">The names, each with its value; none twice.</param>
public class NamedValues<T>(IReadOnlyList<KeyValuePair<string, T>> pairs) : IEquatable<NamedValues<T>>
{
    /// <summary>The names, each with its value.</summary>
    public IReadOnlyList<KeyValuePair<string, T>> Pairs => pairs;

    /// <summary>The value of a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="otherwise">What holds for a name without a value.</param>
    public T Of(string name, T otherwise)
    {
        foreach (var pair in pairs)
        {
            if (pair.Key == name)
                return pair.Value;
        }

        return otherwise;
    }

    /// <inheritdoc/>
    public bool Equals(NamedValues<T>? other) => other is not null && pairs.SequenceEqual(other.Pairs);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NamedValues<T>);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        string.Join('\0', pairs.Select(pair => $"{pair.Key}\0{pair.Value}")).GetHashCode(StringComparison.Ordinal);
}
