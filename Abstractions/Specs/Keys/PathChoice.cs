namespace Orleans.Tbptt.Specs.Keys;

/// <summary>A choice that a spec names as <c>word</c>, or as <c>word:</c> and paths; its keys stand in the same section.</summary>
public abstract record PathChoice : Choice
{
    /// <summary>How it is written, for messages, such as <c>csv:PATH</c>.</summary>
    public virtual string Form => Word;

    /// <summary>What follows the colon, as absolute paths or globs; empty where nothing does.</summary>
    public virtual IReadOnlyList<string> Paths => [];

    /// <summary>Reads what follows the colon.</summary>
    /// <param name="paths">That; null where there is no colon.</param>
    /// <param name="text">Makes paths absolute, and takes mistakes.</param>
    public abstract PathChoice Read(string? paths, TextContext text);
}
