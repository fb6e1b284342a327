using System.Text.Json;
using Orleans.Tbptt.Data.Problems;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerException;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerSections;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>Reads the added tokens of a <c>tokenizer.json</c>, and refuses those that would be found elsewhere here.</summary>
internal static class AddedTokens
{
    private const long MostPairs = 100_000_000;

    public static IEnumerable<AddedToken> Read(JsonElement root)
    {
        if (!root.TryGetProperty("added_tokens", out JsonElement added) || added.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (JsonElement token in added.EnumerateArray())
        {
            string content = TextOf(token, "content") ?? "";
            foreach (string key in new[] { "lstrip", "rstrip", "single_word" })
            {
                if (Flag(token, key))
                    throw Refused($"the added token {Wording.Quote(content)} with {key}: true");
            }

            if (content.Length == 0)
                throw Refused("an added token without content");
            yield return new(content, Number(token.GetProperty("id")), Flag(token, "normalized"));
        }
    }

    /// <summary>
    /// The library looks for added tokens with <c>normalized: false</c> in the text first, and for the others in what is left. All are
    /// looked for at once here, which finds others where a token of each kind has characters in common.
    /// </summary>
    public static void CheckOrder(List<AddedToken> added)
    {
        ILookup<bool, string> kinds = added.ToLookup(token => token.IsNormalized, token => token.Content);
        if (kinds[true].Sum(content => (long)content.Length) * kinds[false].Sum(content => (long)content.Length) > MostPairs)
            throw Refused("thousands of added tokens with normalized: true, and others with false,");
        foreach (string later in kinds[true])
        {
            if (kinds[false].FirstOrDefault(first => MayOverlap(first, later)) is { } first)
            {
                throw Refused($"the added tokens {Wording.Quote(first)} with normalized: false and {Wording.Quote(later)} with "
                    + "normalized: true, which can overlap,");
            }
        }
    }

    private static bool MayOverlap(string one, string other) =>
        one.Contains(other, StringComparison.Ordinal) || other.Contains(one, StringComparison.Ordinal)
        || Enumerable.Range(1, Math.Min(one.Length, other.Length) - 1).Any(length =>
            one.AsSpan(one.Length - length).SequenceEqual(other.AsSpan(0, length))
            || other.AsSpan(other.Length - length).SequenceEqual(one.AsSpan(0, length)));

    /// <summary>Of a token that the model does not have, the library passes over the number in the file: it gives the next one.</summary>
    public static void CheckNumbers(Dictionary<string, int> ids, List<AddedToken> added)
    {
        int next = ids.Count;
        foreach (var (content, id, _) in added)
        {
            int given = ids.GetValueOrDefault(content, next);
            if (id != given)
            {
                throw Damaged($"the added token {Wording.Quote(content)} with number {id}, where the tokenizers library gives it {given},");
            }

            next = Math.Max(next, given + 1);
        }
    }
}
