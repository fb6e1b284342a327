namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What a document may have at most, so that a hostile one costs neither memory nor stack.</summary>
internal static class Limits
{
    public const int Bytes = 1 << 20;
    public const int Depth = 16;
    public const int Nodes = 20_000;
    public const int KeyLength = 100;
}

/// <summary>A value of a document, still without a type.</summary>
internal abstract record Node(Place Place)
{
    /// <summary>The value, as a message says what was found.</summary>
    public abstract string Found { get; }
}

/// <summary>A scalar as written. <see cref="Quoted"/> ones are text whatever they look like.</summary>
internal sealed record ScalarNode(Place Place, string Text, bool Quoted) : Node(Place)
{
    /// <summary>Whether nothing was written: <c>key:</c>, which is not <c>key: null</c>.</summary>
    public bool IsEmpty => !Quoted && Text.Length == 0;

    public bool IsNull => !Quoted && Text is ("" or "~" or "null" or "Null" or "NULL");

    public override string Found => IsNull ? "nothing" : Quoted ? $"the text {Show.Quote(Text)}" : Show.Clean(Text);
}

/// <summary>
/// What stands behind a key without a value. A mistake unless an option sets the key: it would otherwise pass for a key left out, and the
/// run would be another one than its author meant.
/// </summary>
/// <param name="Place">Where the key stands.</param>
/// <param name="Comment">The comment in the place of the value, with its number sign; empty for none.</param>
internal sealed record UnwrittenNode(Place Place, string Comment) : Node(Place)
{
    public override string Found =>
        Comment.Length == 0 ? "no value" : $"no value, because # begins a comment ({Show.Clean(Comment)})";

    /// <summary>What to do.</summary>
    public string Remedy => Comment.Length == 0 ? "write it behind the colon, or remove the key"
        : $"put it in quotes: \"{Show.Clean(Comment)}\", or remove the key";
}

/// <summary>A list.</summary>
internal sealed record ListNode(Place Place, IReadOnlyList<Node> Items) : Node(Place)
{
    public override string Found => Items.Count == 0 ? "an empty list" : "a list";
}

/// <summary>A section: keys in the order of the document, none twice.</summary>
internal sealed record MapNode(Place Place) : Node(Place)
{
    public OrderedDictionary<string, Entry> Entries { get; } = new(StringComparer.Ordinal);

    public override string Found => "a section";
}

/// <summary>A value whose mistake has been reported already; nothing more is to be said about it.</summary>
internal sealed record BrokenNode(Place Place) : Node(Place)
{
    public override string Found => "a value with a mistake";
}

/// <summary>A key of a section, where it stands, and its value.</summary>
internal sealed record Entry(Place Place, Node Value);

/// <summary>The document, or an option, cannot be read any further.</summary>
internal sealed class UnreadableException(Place place, SpecProblem problem) : Exception
{
    public UnreadableException(Place place, string found, string expected, string remedy)
        : this(place, new SpecProblem("", found, expected, remedy)) { }

    public Place Place { get; } = place;

    public SpecProblem Problem { get; } = problem;
}
