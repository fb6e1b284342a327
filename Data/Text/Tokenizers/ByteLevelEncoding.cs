using System.Text;
using Microsoft.ML.Tokenizers;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>Numbers texts by byte-level BPE: Microsoft.ML.Tokenizers merges the bytes of each piece.</summary>
/// <param name="tokenizer">Merges.</param>
/// <param name="tokens">The tokens.</param>
internal sealed class ByteLevelEncoding(BpeTokenizer tokenizer, TokenizerTokens tokens) : TokenizerEncoding(tokens)
{
    private readonly char[] _piece = new char[2 * TokenWriter.LongestWord];

    /// <summary>The numbers of pieces that are tokens as they are; null where all come from merges.</summary>
    public required IReadOnlyDictionary<string, int>? KeepsKnownPieces { get; init; }

    protected override long? AddPiece(RuneWindow window, Action<int> take)
    {
        int count = ByteLevel.NextPiece(window, TokenWriter.LongestWord);
        if (count > TokenWriter.LongestWord)
            return window.Offset;
        Encode(_piece.AsSpan(0, window.Take(count, _piece)), take);
        return null;
    }

    protected override byte[] Spell(string name, bool isAdded, bool isFirst) =>
        isAdded ? Encoding.UTF8.GetBytes(name) : ByteLevel.Bytes(name);

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
