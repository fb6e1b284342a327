namespace Orleans.Tbptt.Specs.Describing;

/// <summary>What can stand at a key.</summary>
internal enum ValueType
{
    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>Two numbers.</summary>
    Pair,

    /// <summary>A list of numbers.</summary>
    Numbers,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A list of different texts.</summary>
    Texts,

    /// <summary>
    /// Names, each with the one that takes its place; with one of <see cref="KeyDescription.Choices"/>, a word, where there are any; with a
    /// whole number where there is a least one.
    /// </summary>
    Names,

    /// <summary>One of <see cref="KeyDescription.Choices"/>, none of which has keys: a word.</summary>
    Word,

    /// <summary>
    /// One of <see cref="KeyDescription.Choices"/>: a section of name and keys, or a word alone where no key is required.
    /// </summary>
    Choice,

    /// <summary>A section of <see cref="KeyDescription.Keys"/>.</summary>
    Section,

    /// <summary>A finite number, or a section of <see cref="KeyDescription.Keys"/>.</summary>
    NumberOrSection,
}

/// <summary>A key of a spec, for people and for the schema.</summary>
/// <param name="Name">The key.</param>
/// <param name="Type">What can stand there.</param>
/// <param name="About">Its documentation.</param>
/// <param name="Default">What holds where it is left out; null where it is required.</param>
internal sealed record KeyDescription(string Name, ValueType Type, string About, string? Default)
{
    /// <summary>The number that stands there in the spec or choice that was described; null where there is no one number.</summary>
    public double? Value { get; init; }

    /// <summary>The least number.</summary>
    public double? Low { get; init; }

    /// <summary>The largest number.</summary>
    public double? High { get; init; }

    /// <summary>The range in words; empty for none.</summary>
    public string Range { get; init; } = "";

    /// <summary>A regular expression that a text matches.</summary>
    public string? Pattern { get; init; }

    /// <summary>Whether a text may be a number without quotes.</summary>
    public bool MayBeNumber { get; init; }

    /// <summary>The words that it exists with; empty for all.</summary>
    public IReadOnlyList<string> Owners { get; init; } = [];

    /// <summary>The keys of a section.</summary>
    public IReadOnlyList<KeyDescription> Keys { get; init; } = [];

    /// <summary>What can be chosen.</summary>
    public IReadOnlyList<ChoiceDescription> Choices { get; init; } = [];
}

/// <summary>A word that can stand at a key.</summary>
/// <param name="Word">The word.</param>
/// <param name="About">Its documentation.</param>
/// <param name="Keys">Its own keys.</param>
/// <param name="IsKnownByItsKeys">Whether a section need not name it.</param>
internal sealed record ChoiceDescription(string Word, string About, IReadOnlyList<KeyDescription> Keys, bool IsKnownByItsKeys = false);
