namespace Orleans.Tbptt.Specs.Keys;

/// <summary>
/// Meets every key of a section once, with its type, range, default and documentation: to read it, to write it or to describe it. So a key
/// is declared in one place.
/// </summary>
/// <remarks>
/// <c>value</c> is the value of the spec that is written; where one is read or described, it is the default, of no account where the key is
/// required. What a method returns is the value that was read, or <c>value</c>.
/// </remarks>
public abstract class SpecWalk
{
    /// <summary>A whole number.</summary>
    public abstract long Whole(string key, long value, string about, long min, long max = long.MaxValue, bool required = false);

    /// <summary>A whole number of 32 bits.</summary>
    public abstract int Count(
        string key, int value, string about, int min = 1, int max = int.MaxValue, bool required = false, bool isWritten = true);

    /// <summary>A whole number of 1 or more, or all numbers from 1 up to one, <c>1..24</c>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The first and the last number; the same for one alone.</param>
    /// <param name="about">Its documentation.</param>
    public abstract (int First, int Last) CountOrRange(string key, (int First, int Last) value, string about);

    /// <summary>A whole number of 32 bits that may be left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="otherwise">What holds where it is left out, in words.</param>
    public abstract int? OptionalCount(string key, int? value, string about, string otherwise);

    /// <summary>A place counted from 0 that may be left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="otherwise">What holds where it is left out, in words.</param>
    public abstract int? OptionalIndex(string key, int? value, string about, string otherwise);

    /// <summary>A whole number of 1 or more, or a section that says more, or nothing.</summary>
    /// <param name="key">The key.</param>
    /// <param name="count">The number.</param>
    /// <param name="section">The section; null where there is the number, or nothing.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="otherwise">What holds where it is left out, in words.</param>
    /// <param name="blank">Has the defaults of the section's keys.</param>
    /// <param name="walk">Walks over the section's keys.</param>
    public abstract (int? Count, T? Section) CountOrSection<T>(
        string key, int? count, T? section, string about, string otherwise, T blank, Func<SpecWalk, T, T> walk) where T : class;

    /// <summary>A finite number.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="range">Where it lies.</param>
    /// <param name="required">Whether it must be there.</param>
    /// <param name="isWritten">
    /// Whether a written spec has it. Of a key that a later release has added, only where its value is not the default: the spec of a
    /// former release must keep its hash.
    /// </param>
    public abstract double Number(
        string key, double value, string about, NumberRange range, bool required = false, bool isWritten = true);

    /// <summary>A finite number that may be left out.</summary>
    public abstract double? OptionalNumber(string key, double? value, string about, NumberRange range, string otherwise);

    /// <summary>Two numbers.</summary>
    public abstract (double First, double Second) Pair(string key, (double First, double Second) value, string about, NumberRange range);

    /// <summary>Numbers in order.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="range">Where each lies.</param>
    /// <param name="otherwise">What holds where the key is left out, in words; null where it is <paramref name="value"/>.</param>
    /// <param name="isWritten">Whether a written spec has it.</param>
    public abstract NumberList Numbers(
        string key, NumberList value, string about, NumberRange range, string? otherwise = null, bool isWritten = true);

    /// <summary>True or false.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="isWritten">Whether a written spec has it.</param>
    public abstract bool Flag(string key, bool value, string about, bool isWritten = true);

    /// <summary>Different texts.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="item">What one of them is.</param>
    /// <param name="otherwise">What holds where the key is left out, in words.</param>
    /// <param name="mayBeEmpty">Whether the list may be empty.</param>
    /// <param name="areGlobs">Whether they are globs, which a reader makes absolute.</param>
    public abstract IReadOnlyList<string> Texts(
        string key, IReadOnlyList<string> value, string about, string item, string otherwise, bool mayBeEmpty = false,
        bool areGlobs = false);

    /// <summary>A text that may be left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="expected">What it should be, for messages.</param>
    /// <param name="otherwise">What holds where it is left out, in words.</param>
    public string? OptionalText(string key, string? value, string about, string expected, string otherwise) =>
        Text(key, value, about, new TextForm<string?>(expected, (text, _) => text, text => text, otherwise));

    /// <summary>Names, each with the one that takes its place; none where the key is left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="item">What a name is.</param>
    public abstract NameMap Names(string key, NameMap value, string about, string item);

    /// <summary>Names, each with one of some words; none where the key is left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="item">What a name is.</param>
    /// <param name="words">The words.</param>
    public abstract NamedValues<T> WordsByName<T>(
        string key, NamedValues<T> value, string about, string item, IReadOnlyList<Word<T>> words);

    /// <summary>Names, each with a whole number of 1 or more; none where the key is left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="item">What a name is.</param>
    /// <param name="otherwise">What holds where the key is left out, in words.</param>
    public abstract NamedValues<int> CountsByName(string key, NamedValues<int> value, string about, string item, string otherwise);

    /// <summary>A text with its own rules.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="form">How it is read and written.</param>
    internal abstract T Text<T>(string key, T value, string about, TextForm<T> form);

    /// <summary>A file that may be left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its absolute path; null where it is left out.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="expected">What it is, such as "a NumPy file".</param>
    public string? OptionalFile(string key, string? value, string about, string expected) =>
        Text(key, value, about, new TextForm<string?>(expected, (text, at) => at.File(text, expected), path => path, Default: "none"));

    /// <summary>One of some words.</summary>
    public abstract T Word<T>(
        string key, T value, string about, IReadOnlyList<Word<T>> words, bool required = false, bool isWritten = true);

    /// <summary>
    /// A choice with its keys: the word alone where its keys have their defaults, or a section of <c>name</c> and its keys.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="choices">The list of its kind.</param>
    /// <param name="required">Whether it must be there.</param>
    /// <param name="isWritten">Whether a written spec has it.</param>
    public abstract T Choice<T>(string key, T value, string about, IReadOnlyList<T> choices, bool required = false, bool isWritten = true)
        where T : Choice;

    /// <summary>A choice with paths, less its keys, which stand in the same section: <see cref="Own"/>.</summary>
    public abstract T Paths<T>(string key, T value, string about, IReadOnlyList<T> choices) where T : PathChoice;

    /// <summary>The keys of a choice that stand in the same section as its word.</summary>
    /// <param name="key">The key of the word.</param>
    /// <param name="value">The choice.</param>
    /// <param name="choices">The list of its kind.</param>
    public abstract T Own<T>(string key, T value, IReadOnlyList<T> choices) where T : Choice;

    /// <summary>A section that must be there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="contents">The keys it must have, in words.</param>
    /// <param name="walk">Walks over its keys.</param>
    public abstract T Section<T>(string key, T value, string about, string contents, Func<SpecWalk, T, T> walk);

    /// <summary>A section that may be left out.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value; null, or not written, where it is left out.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="contents">The keys it can have, in words.</param>
    /// <param name="blank">Has the defaults of its keys.</param>
    /// <param name="walk">Walks over its keys.</param>
    /// <param name="isWritten">Whether a written spec has it.</param>
    public abstract T? OptionalSection<T>(
        string key, T? value, string about, string contents, T blank, Func<SpecWalk, T, T> walk, bool isWritten = true) where T : class;

    /// <summary>A number, or a section that says more.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="about">Its documentation.</param>
    /// <param name="range">Where the number lies.</param>
    /// <param name="number">The number that says all of a value; null where only a section does.</param>
    /// <param name="from">The value that a number stands for.</param>
    /// <param name="walk">Walks over the section's keys.</param>
    public abstract T NumberOrSection<T>(
        string key, T value, string about, NumberRange range, Func<T, double?> number, Func<double, T> from, Func<SpecWalk, T, T> walk);

    /// <summary>
    /// The same section for keys that exist with some words of another key only: with another one they are refused, and not written.
    /// </summary>
    /// <param name="key">The other key.</param>
    /// <param name="word">Its word.</param>
    /// <param name="owners">The words that have the keys.</param>
    public abstract SpecWalk With(string key, string word, params string[] owners);
}

/// <summary>How a text with its own rules is read and written.</summary>
/// <param name="Expected">What is expected, in words; for messages.</param>
/// <param name="Parse">Reads it; reports to the reader what does not fit, and then gives anything.</param>
/// <param name="Write">Writes it; null where it is left out.</param>
/// <param name="Default">What holds where it is left out, in words; null where it is required.</param>
/// <param name="Pattern">A regular expression for the schema; null for any text.</param>
/// <param name="MayBeNumber">Whether a number without quotes is read as the text that it is written as.</param>
internal sealed record TextForm<T>(
    string Expected, Func<string, TextContext, T> Parse, Func<T, string?> Write, string? Default = null, string? Pattern = null,
    bool MayBeNumber = false);
