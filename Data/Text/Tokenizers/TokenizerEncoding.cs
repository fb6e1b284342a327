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

    public override long? Add(TokenWriter writer, string path, Utf8Runes runes) => Add(runes, writer.Add);

    /// <summary>Whether a number is one of those that are found before all others, and spelled as they are.</summary>
    public bool IsAdded(int id) => added.Any(token => token.Id == id);

    /// <summary>Numbers the tokens of one text.</summary>
    /// <param name="runes">The text.</param>
    /// <param name="take">Receives the numbers.</param>
    /// <returns>Where a piece begins that is too long; null where there is none.</returns>
    public long? Add(Utf8Runes runes, Action<int> take)
    {
        var window = new RuneWindow(runes, added);
        while (true)
        {
            if (window.TakeAdded() is { } id)
            {
                take(id);
                continue;
            }

            int count = ByteLevel.NextPiece(window, TokenWriter.LongestWord);
            if (count == 0)
                return null;
            if (count > TokenWriter.LongestWord)
                return window.Offset;
            Encode(_piece.AsSpan(0, window.Take(count, _piece)), take);
        }
    }

    private void Encode(ReadOnlySpan<char> piece, Action<int> take)
    {
        if (KeepsKnownPieces?.TryGetValue(ByteLevel.Spell(piece), out int known) == true)
        {
            take(known);
            return;
        }

        foreach (int token in tokenizer.EncodeToIds(piece, considerPreTokenization: false, considerNormalization: false))
            take(token);
    }
}
