namespace Orleans.Tbptt.Specs.Keys;

/// <summary>Names, each with the one that takes its place, in the order of the document. Equal when they say the same.</summary>
/// <param name="pairs">The names; none twice.</param>
public sealed class NameMap(IReadOnlyList<KeyValuePair<string, string>> pairs) : NamedValues<string>(pairs)
{
    /// <summary>Without a name.</summary>
    public static NameMap None { get; } = new([]);
}
