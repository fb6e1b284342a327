namespace Orleans.Tbptt.Specs.Keys;

/// <summary>One of a few values that a spec chooses by a word.</summary>
/// <param name="Text">The word.</param>
/// <param name="Value">What it stands for.</param>
/// <param name="About">One line of documentation.</param>
public sealed record Word<T>(string Text, T Value, string About);

/// <summary>Lists of words.</summary>
internal static class Words
{
    /// <summary>The words of a list of declarations.</summary>
    public static IReadOnlyList<Word<T>> Of<T>(IReadOnlyList<T> choices) where T : Choice =>
        [.. choices.Select(choice => new Word<T>(choice.Word, choice, choice.About))];

    /// <summary>The word for a value.</summary>
    public static string For<T>(IReadOnlyList<Word<T>> words, T value) =>
        words.First(word => EqualityComparer<T>.Default.Equals(word.Value, value)).Text;
}
