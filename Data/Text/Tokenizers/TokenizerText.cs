namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>The tokens of a tokenizer as text and back.</summary>
/// <param name="encoding">The tokenizer.</param>
internal sealed class TokenizerText(TokenizerEncoding encoding) : ITokenText
{
    /// <inheritdoc/>
    public IReadOnlyList<long> Encode(ReadOnlySpan<byte> text, IReadOnlyList<string> tokens)
    {
        var found = new List<long>();
        try
        {
            using var stream = new MemoryStream(text.ToArray());
            return encoding.Add(new Utf8Runes(stream), id => found.Add(id)) is not { } offset ? found
                : throw new FormatException($"found a piece of more than {TokenWriter.LongestWord} characters at byte {offset}, expected "
                    + "a text with white space");
        }
        catch (IllFormedTextException exception)
        {
            throw new FormatException("found bytes that are no UTF-8, expected text in UTF-8", exception);
        }
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Decode(long token, long? before, IReadOnlyList<string> tokens) =>
        encoding.Spell((int)token, isFirst: before is null);
}
