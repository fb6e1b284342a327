using System.Text;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>What byte-level BPE does to a text before its merges, as GPT-2's encoder does.</summary>
internal static class ByteLevel
{
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    /// <summary>
    /// The characters that stand for the 256 bytes in a vocabulary: printable characters of Latin-1 for themselves, and those from U+0100
    /// on for the others, in order.
    /// </summary>
    public static IReadOnlyList<char> Alphabet { get; } = MakeAlphabet();

    /// <summary>The bytes by the characters that stand for them.</summary>
    private static Dictionary<char, byte> Values { get; } =
        Alphabet.Index().ToDictionary(letter => letter.Item, letter => (byte)letter.Index);

    /// <summary>
    /// The length of the piece at the beginning of what follows, which merges do not cross: what GPT-2's pattern
    /// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c> matches, by Unicode scalar values as in the
    /// tokenizers library, and not by UTF-16 units as in .NET's regular expressions.
    /// </summary>
    /// <param name="window">The text.</param>
    /// <param name="most">The longest piece.</param>
    /// <returns>In Unicode scalar values; 0 at the end of the text; more than <paramref name="most"/> where the piece is longer.</returns>
    public static int NextPiece(RuneWindow window, int most)
    {
        if (window.At(0) is not { } first)
            return 0;
        if (first.Value == '\'' && Contractions.FirstOrDefault(window.StartsWith) is { } contraction)
            return contraction.Length;
        int start = first.Value == ' ' && window.At(1) is { } second && !Rune.IsWhiteSpace(second) ? 1 : 0;
        Rune kind = window.At(start)!.Value;
        int length = start + 1;
        while (length <= most && window.At(length) is { } next && KindOf(next) == KindOf(kind))
            length++;
        bool isBeforeText = KindOf(kind) == Kind.Space && length > 1 && window.At(length) is not null;
        return isBeforeText && length <= most ? length - 1 : length;
    }

    /// <summary>The characters that stand for the bytes of a text in UTF-8.</summary>
    public static string Spell(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(bytes.Length, bytes, static (letters, bytes) =>
        {
            for (int i = 0; i < letters.Length; i++)
                letters[i] = Alphabet[bytes[i]];
        });
    }

    /// <summary>The bytes for which the characters of a token stand; a character that stands for none gives its own, in UTF-8.</summary>
    public static byte[] Bytes(string token) => [.. token.EnumerateRunes().SelectMany(rune =>
        rune.IsBmp && Values.TryGetValue((char)rune.Value, out byte value) ? [value] : Encoding.UTF8.GetBytes($"{rune}"))];

    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }

    private static Kind KindOf(Rune rune) => Rune.IsLetter(rune) ? Kind.Letter
        : Rune.IsNumber(rune) ? Kind.Number
        : Rune.IsWhiteSpace(rune) ? Kind.Space
        : Kind.Other;

    private static char[] MakeAlphabet()
    {
        var letters = new char[256];
        int others = 0;
        for (int value = 0; value < letters.Length; value++)
        {
            bool isPrintable = value is >= '!' and <= '~' or >= 0xa1 and <= 0xac or >= 0xae;
            letters[value] = isPrintable ? (char)value : (char)(0x100 + others++);
        }

        return letters;
    }
}
