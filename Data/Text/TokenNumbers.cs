using System.Text;

namespace Orleans.Tbptt.Data.Text;

/// <summary>The numbers of tokens by their texts.</summary>
/// <param name="tokens">The tokens by their numbers.</param>
/// <param name="noun">The noun for a token in messages.</param>
internal sealed class TokenNumbers(IReadOnlyList<string> tokens, string noun)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, int> _numbers =
        tokens.Index().ToDictionary(one => one.Item, one => one.Index, StringComparer.Ordinal);

    /// <summary>The number of a token, or of <c>&lt;unk&gt;</c>.</summary>
    /// <exception cref="FormatException">The vocabulary has neither.</exception>
    public long Of(string token) => _numbers.TryGetValue(token, out int number) || _numbers.TryGetValue(Vocabulary.Unknown, out number)
        ? number
        : throw new FormatException(
            $"found the {noun} '{token.ReplaceLineEndings("\\n")}', expected one of the model's {tokens.Count:N0}, because it has no "
            + $"{Vocabulary.Unknown}");

    /// <summary>A text in UTF-8.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string Utf8(ReadOnlySpan<byte> text)
    {
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException exception)
        {
            throw new FormatException("found bytes that are no UTF-8, expected text in UTF-8", exception);
        }
    }
}
