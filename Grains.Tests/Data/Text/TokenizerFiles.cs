using System.Text.Json;
using Orleans.Tbptt.Data.Text.Tokenizers;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>Small <c>tokenizer.json</c> files.</summary>
internal static class TokenizerFiles
{
    /// <summary>A tokenizer of the 256 bytes, <c>ca</c>, <c>cat</c>, <c> cat</c> and an added token.</summary>
    public static string Cat { get; } = Of(["c a", "ca t", "Ġ cat"], [("<|end|>", 259)]);

    /// <summary>A tokenizer of the 256 bytes, of merges in the order of their ranks, and of added tokens.</summary>
    /// <param name="merges">The merges.</param>
    /// <param name="added">The added tokens.</param>
    /// <param name="change">Changes the file's text.</param>
    public static string Of(
        IReadOnlyList<string> merges, IReadOnlyList<(string Content, int Id)> added, Func<string, string>? change = null)
    {
        string[] tokens =
        [
            .. ByteLevel.Alphabet.Select(letter => $"{letter}"),
            .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)),
        ];
        string text = JsonSerializer.Serialize(new
        {
            version = "1.0",
            truncation = (string?)null,
            padding = (string?)null,
            added_tokens = added.Select(token => new
            {
                id = token.Id, content = token.Content, single_word = false, lstrip = false, rstrip = false, normalized = false,
                special = true,
            }),
            normalizer = (string?)null,
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = true },
            post_processor = (string?)null,
            decoder = new { type = "ByteLevel", add_prefix_space = true, trim_offsets = true, use_regex = true },
            model = new
            {
                type = "BPE", dropout = (double?)null, unk_token = (string?)null, continuing_subword_prefix = (string?)null,
                end_of_word_suffix = (string?)null, fuse_unk = false, byte_fallback = false, ignore_merges = false,
                vocab = tokens.Distinct().Index().ToDictionary(token => token.Item, token => token.Index), merges,
            },
        });
        return change is null ? text : change(text);
    }
}
