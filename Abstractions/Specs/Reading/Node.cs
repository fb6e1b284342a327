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
    public bool IsNull => !Quoted && Text is ("" or "~" or "null" or "Null" or "NULL");

    public override string Found => IsNull ? "nothing" : Quoted ? $"the text {Show.Quote(Text)}" : Show.Clean(Text);
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
