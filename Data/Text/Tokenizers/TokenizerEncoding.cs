using Microsoft.ML.Tokenizers;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>Numbers texts by a tokenizer: Microsoft.ML.Tokenizers merges the bytes of each piece.</summary>
/// <param name="tokenizer">Merges.</param>
/// <param name="vocabulary">The tokens by their numbers.</param>
/// <param name="added">The tokens that are found before all others.</param>
/// <param name="remarks">What the file says and does not hold here.</param>
internal sealed class TokenizerEncoding(
    BpeTokenizer tokenizer, Vocabulary vocabulary, IReadOnlyList<AddedToken> added, IReadOnlyList<string> remarks) : TextEncoding
{
    private readonly char[] _piece = new char[2 * TokenWriter.LongestWord];

    public override Vocabulary Vocabulary => vocabulary;

    /// <summary>What the file says and does not hold here.</summary>
    public IReadOnlyList<string> Remarks => remarks;

    /// <summary>The numbers of pieces that are tokens as they are; null where all come from merges.</summary>
    public required IReadOnlyDictionary<string, int>? KeepsKnownPieces { get; init; }

    public override long? Add(TokenWriter writer, string path, Utf8Runes runes)
    {
        var window = new RuneWindow(runes, added);
        while (true)
        {
            if (window.TakeAdded() is { } id)
            {
                writer.Add(id);
                continue;
            }

            int count = ByteLevel.NextPiece(window, TokenWriter.LongestWord);
            if (count == 0)
                return null;
            if (count > TokenWriter.LongestWord)
                return window.Offset;
            Encode(_piece.AsSpan(0, window.Take(count, _piece)), writer);
        }
    }

    private void Encode(ReadOnlySpan<char> piece, TokenWriter writer)
    {
        if (KeepsKnownPieces?.TryGetValue(ByteLevel.Spell(piece), out int known) == true)
        {
            writer.Add(known);
            return;
        }

        foreach (int token in tokenizer.EncodeToIds(piece, considerPreTokenization: false, considerNormalization: false))
            writer.Add(token);
    }
}
