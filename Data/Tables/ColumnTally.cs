using System.Text;
using System.Text.Unicode;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>A cell that could not be read as its column is.</summary>
/// <param name="Place">The place of its row.</param>
/// <param name="Text">What stands there; empty for a missing one.</param>
internal readonly record struct OtherCell(long Place, string Text);

/// <summary>Counts the cells of a column that hold no value: those that are missing, and those that hold something else.</summary>
internal sealed class ColumnTally
{
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly List<OtherCell> _others = [];
    private readonly List<OtherCell> _missing = [];

    /// <summary>How many cells are missing.</summary>
    public long Missing { get; private set; }

    /// <summary>How many cells hold something that is not of the column's type.</summary>
    public long Others { get; private set; }

    /// <summary>The first of the other cells, as many as are listed.</summary>
    public IReadOnlyList<OtherCell> FirstOthers => _others;

    /// <summary>The first of the missing cells, as many as are listed.</summary>
    public IReadOnlyList<OtherCell> FirstMissing => _missing;

    /// <summary>The different texts of a column of texts, in the order in which they appear.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>The number of the first text that is no UTF-8, so that different texts could read the same; null for none.</summary>
    public int? FirstUndecodable { get; private set; }

    /// <summary>Counts a missing cell.</summary>
    /// <param name="place">The place of its row.</param>
    /// <param name="text">What stands there for it, in UTF-8; empty for nothing.</param>
    /// <returns>NaN, which stands for it.</returns>
    public double AddMissing(long place, ReadOnlySpan<byte> text = default)
    {
        if (Missing++ < ProblemList.Shown)
            _missing.Add(new(place, Encoding.UTF8.GetString(text)));
        return double.NaN;
    }

    /// <summary>Counts a cell that holds something else than the column's type.</summary>
    /// <param name="place">The place of its row.</param>
    /// <param name="text">What stands there, in UTF-8.</param>
    /// <returns>NaN, which stands for it.</returns>
    public double AddOther(long place, ReadOnlySpan<byte> text) =>
        Others < ProblemList.Shown ? AddOther(place, Encoding.UTF8.GetString(text)) : AddOther(place, "");

    /// <inheritdoc cref="AddOther(long, ReadOnlySpan{byte})"/>
    public double AddOther(long place, string text)
    {
        if (Others++ < ProblemList.Shown)
            _others.Add(new(place, text));
        return double.NaN;
    }

    /// <summary>The number of a text: the same for the same text.</summary>
    /// <param name="text">The text, in UTF-8.</param>
    public double AddText(ReadOnlySpan<byte> text)
    {
        Span<char> chars = text.Length <= 256 ? stackalloc char[256] : new char[text.Length];
        chars = chars[..Encoding.UTF8.GetChars(text, chars)];
        double code = AddText(chars);
        if (chars.Contains('\uFFFD') && !Utf8.IsValid(text))
            FirstUndecodable ??= (int)code;
        return code;
    }

    /// <inheritdoc cref="AddText(ReadOnlySpan{byte})"/>
    public double AddText(ReadOnlySpan<char> text)
    {
        var codes = _codes.GetAlternateLookup<ReadOnlySpan<char>>();
        if (codes.TryGetValue(text, out int code))
            return code;
        string added = text.ToString();
        _codes.Add(added, _texts.Count);
        _texts.Add(added);
        return _texts.Count - 1;
    }
}
