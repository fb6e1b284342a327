namespace Orleans.Tbptt.Data;

/// <summary>Tokens of a source as text and back: for prompts, and for what a model generates.</summary>
public interface ITokenText
{
    /// <summary>What encodes and decodes, with the files read that it needs; by default, none.</summary>
    /// <exception cref="FormatException">A file cannot be read; names it.</exception>
    ITokenText Open() => this;

    /// <summary>The numbers of a text's tokens.</summary>
    /// <param name="text">UTF-8; any bytes where tokens are bytes.</param>
    /// <param name="tokens">The tokens by their numbers; not used where tokens are bytes.</param>
    /// <exception cref="FormatException">The text has a token that the vocabulary lacks, or is no UTF-8; names it.</exception>
    IReadOnlyList<long> Encode(ReadOnlySpan<byte> text, IReadOnlyList<string> tokens);

    /// <summary>What a token adds to a text.</summary>
    /// <param name="token">Its number.</param>
    /// <param name="before">The number of the token before it; null for the first.</param>
    /// <param name="tokens">The tokens by their numbers; not used where tokens are bytes.</param>
    ReadOnlyMemory<byte> Decode(long token, long? before, IReadOnlyList<string> tokens);
}
