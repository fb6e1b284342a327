namespace Orleans.Tbptt.Specs.Keys;

/// <summary>
/// Something that a spec chooses by a word: a cell, a loss, an optimizer, a schedule, an engine. Its one declaration: the word, a line of
/// documentation, its own keys, and what it does.
/// </summary>
/// <remarks>
/// An object without arguments, as it stands in the list of its kind, has the keys' defaults; the one in a spec has the values of that
/// spec.
/// </remarks>
public abstract record Choice
{
    /// <summary>The word in the spec.</summary>
    public abstract string Word { get; }

    /// <summary>One line of documentation.</summary>
    public abstract string About { get; }

    /// <summary>Whether a section without a <c>name</c> that has its required keys means it.</summary>
    public virtual bool IsKnownByItsKeys => false;

    /// <summary>Passes each of its keys to a walk, in the order in which they are written.</summary>
    /// <returns>The same choice with the values that the walk gives.</returns>
    public virtual Choice Walk(SpecWalk walk) => this;
}
