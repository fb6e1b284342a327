namespace Orleans.Tbptt.Specs.Keys;

/// <summary>Numbers in order. Equal when they are the same.</summary>
/// <param name="values">The numbers.</param>
public sealed class NumberList(IReadOnlyList<double> values) : IEquatable<NumberList>
{
    /// <summary>No number.</summary>
    public static NumberList None { get; } = new([]);

    /// <summary>The numbers.</summary>
    public IReadOnlyList<double> Values => values;

    /// <summary>How many.</summary>
    public int Count => values.Count;

    /// <summary>One of them.</summary>
    /// <param name="index">Its place, from 0.</param>
    public double this[int index] => values[index];

    /// <inheritdoc/>
    public bool Equals(NumberList? other) => other is not null && values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NumberList);

    /// <inheritdoc/>
    public override int GetHashCode() => values.Aggregate(0, HashCode.Combine);
}
