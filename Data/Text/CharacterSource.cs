using System.Text;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;

namespace Orleans.Tbptt.Data.Text;

/// <summary>Texts as one long stream of Unicode scalar values, the ends of lines included.</summary>
public sealed record CharacterSource : TextSource, ITokenText
{
    /// <inheritdoc/>
    public override string Word => "characters";

    /// <inheritdoc/>
    public override string About =>
        "the characters of all files of a glob in order of their paths, texts in UTF-8, as one long stream; the target is the next "
        + "character";

    /// <inheritdoc/>
    public override bool GrowsByAppending => true;

    /// <inheritdoc/>
    public override bool CanBeFollowed => true;

    internal override RowCut? RowCut => new(RowUnit.Character, IsPacked: FileContent.IsPacked);

    private protected override string Noun => "character";

    private protected override string LineForm =>
        $@"one character, \n or \r for those that end lines, or {Text.Vocabulary.Unknown}, each once";

    /// <inheritdoc/>
    public IReadOnlyList<long> Encode(ReadOnlySpan<byte> text, IReadOnlyList<string> tokens)
    {
        var numbers = new TokenNumbers(tokens, Noun);
        return [.. TokenNumbers.Utf8(text).EnumerateRunes().Select(rune => numbers.Of(rune.ToString()))];
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Decode(long token, long? before, IReadOnlyList<string> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return Encoding.UTF8.GetBytes(tokens[(int)token]);
    }

    internal override string? TokenOf(string line) => line switch
    {
        @"\n" => "\n",
        @"\r" => "\r",
        Text.Vocabulary.Unknown => line,
        _ => line.Length > 0 && Rune.TryGetRuneAt(line, 0, out Rune only) && only.Utf16SequenceLength == line.Length ? line : null,
    };

    internal override long? Add(TokenWriter writer, string path, Utf8Runes runes)
    {
        writer.AddCharacters(path, runes);
        return null;
    }
}
