namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>The tokens of a tokenizer.</summary>
/// <param name="Vocabulary">All of them by their numbers.</param>
/// <param name="Added">Those that are found before all others.</param>
/// <param name="Remarks">What the file says and does not hold here.</param>
internal sealed record TokenizerTokens(Vocabulary Vocabulary, IReadOnlyList<AddedToken> Added, IReadOnlyList<string> Remarks);

/// <summary>Numbers texts by a tokenizer.</summary>
/// <param name="tokens">Its tokens.</param>
internal abstract class TokenizerEncoding(TokenizerTokens tokens) : TextEncoding
{
    private readonly IReadOnlyList<string> _names = tokens.Vocabulary.ToList();

    public override Vocabulary Vocabulary => tokens.Vocabulary;

    /// <summary>What the file says and does not hold here.</summary>
    public IReadOnlyList<string> Remarks => tokens.Remarks;

    public override long? Add(TokenWriter writer, string path, Utf8Runes runes) => Add(runes, writer.Add);

    /// <summary>Numbers the tokens of one text.</summary>
    /// <param name="runes">The text.</param>
    /// <param name="take">Receives the numbers.</param>
    /// <returns>Where a piece begins that is too long; null where there is none.</returns>
    public long? Add(Utf8Runes runes, Action<int> take)
    {
        var window = new RuneWindow(runes, tokens.Added);
        while (true)
        {
            if (window.TakeAdded() is { } id)
                take(id);
            else if (window.At(0) is null)
                return null;
            else if (AddPiece(window, take) is { } offset)
                return offset;
        }
    }

    /// <summary>The bytes of a token's text.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="isFirst">Whether no token stands before it.</param>
    public byte[] Spell(int id, bool isFirst) => Spell(_names[id], tokens.Added.Any(token => token.Id == id), isFirst);

    /// <summary>Numbers the tokens at the beginning of a window, at least one character's.</summary>
    /// <returns>Where a piece begins that is too long; null where there is none.</returns>
    protected abstract long? AddPiece(RuneWindow window, Action<int> take);

    /// <summary>The bytes of a token's text.</summary>
    protected abstract byte[] Spell(string name, bool isAdded, bool isFirst);
}
