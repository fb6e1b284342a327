using System.Text;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>How tokens of WordPiece are written one after another.</summary>
/// <param name="Prefix">What a token begins with that continues a word; it is left out.</param>
/// <param name="CleansUp">Whether blanks before punctuation and parts of contractions are left out.</param>
internal sealed record WordPieceDecoder(string Prefix, bool CleansUp)
{
    private static readonly (string Found, string Put)[] Changes =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    /// <summary>What a token adds to a text.</summary>
    public string Spell(string name, bool isFirst)
    {
        string text = isFirst ? name : name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : $" {name}";
        return CleansUp
            ? Changes.Aggregate(text, (changed, one) => changed.Replace(one.Found, one.Put, StringComparison.Ordinal)) : text;
    }
}

/// <summary>
/// Numbers texts by WordPiece: a word is parted from its beginning into the longest tokens that the vocabulary has, all but the first with
/// a prefix, and is one unknown token where that does not succeed.
/// </summary>
/// <param name="ids">The numbers of the model's tokens.</param>
/// <param name="prefix">What tokens begin with that continue a word.</param>
/// <param name="tokens">The tokens.</param>
internal sealed class WordPieceEncoding(Dictionary<string, int> ids, string prefix, TokenizerTokens tokens) : TokenizerEncoding(tokens)
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _first = ids.GetAlternateLookup<ReadOnlySpan<char>>();
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _further =
        ids.Where(token => token.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(token => token.Key[prefix.Length..], token => token.Value, StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly int _longestToken = ids.Keys.Max(token => token.Length);
    private readonly List<Rune> _normalized = [];
    private readonly List<int> _parts = [];
    private readonly char[] _word = new char[2 * TokenWriter.LongestWord];
    private int _length;
    private long _count;

    /// <summary>What is done before words are parted; null for nothing.</summary>
    public required BertNormalizer? Normalizer { get; init; }

    /// <summary>The number of the token for words that the vocabulary does not make.</summary>
    public required int Unknown { get; init; }

    /// <summary>Characters of the longest word that is not unknown.</summary>
    public required ulong LongestWord { get; init; }

    /// <summary>How tokens are written; null for a blank between them.</summary>
    public required WordPieceDecoder? Decoder { get; init; }

    protected override long? AddPiece(RuneWindow window, Action<int> take)
    {
        long start = window.Offset;
        while (window.At(0) is { } rune)
        {
            if (_count == 0)
                start = window.Offset;
            window.Skip();
            if (Normalizer is null)
                _normalized.Add(rune);
            else
                Normalizer.Add(rune, _normalized);
            Part(take);
            if (_count > TokenWriter.LongestWord && (ulong)_count <= LongestWord)
                return start;
        }

        Normalizer?.End(_normalized);
        Part(take);
        EndWord(take);
        return null;
    }

    protected override byte[] Spell(string name, bool isAdded, bool isFirst) =>
        Encoding.UTF8.GetBytes(Decoder?.Spell(name, isFirst) ?? (isFirst ? name : $" {name}"));

    /// <summary>Ends words at white space, which is left out, and around punctuation.</summary>
    private void Part(Action<int> take)
    {
        foreach (Rune rune in _normalized)
        {
            bool isSpace = Rune.IsWhiteSpace(rune);
            bool isPunctuation = !isSpace && BertCharacters.Tables.Punctuation.Find(rune) is not null;
            if (isSpace || isPunctuation)
                EndWord(take);
            if (!isSpace && _count++ < TokenWriter.LongestWord)
                _length += rune.EncodeToUtf16(_word.AsSpan(_length));
            if (isPunctuation)
                EndWord(take);
        }

        _normalized.Clear();
    }

    private void EndWord(Action<int> take)
    {
        if (_count > 0 && ((ulong)_count > LongestWord || !TryPart(_word.AsSpan(0, _length))))
            take(Unknown);
        else
            _parts.ForEach(take);
        _parts.Clear();
        (_length, _count) = (0, 0);
    }

    private bool TryPart(ReadOnlySpan<char> word)
    {
        for (int start = 0; start < word.Length;)
        {
            var lookup = start == 0 ? _first : _further;
            int end = Math.Min(word.Length, start + _longestToken), id = 0;
            while (end > start && !lookup.TryGetValue(word[start..end], out id))
                end--;
            if (end == start)
            {
                _parts.Clear();
                return false;
            }

            _parts.Add(id);
            start = end;
        }

        return true;
    }
}
