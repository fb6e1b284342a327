using System.Text.Json;
using Microsoft.ML.Tokenizers;
using Orleans.Tbptt.Data.Problems;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerException;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerSections;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>
/// Reads byte-level BPE of a <c>tokenizer.json</c>, as of GPT-2, RoBERTa and those that are trained by the tokenizers library with its
/// ByteLevel parts.
/// </summary>
internal static class ByteLevelFile
{
    /// <summary>What makes its tokens.</summary>
    /// <exception cref="TokenizerException">A part of the file would make other tokens here.</exception>
    public static TokenizerEncoding Open(JsonElement root, Dictionary<string, int> ids, TokenizerTokens tokens)
    {
        JsonElement model = Section(root, "model");
        CheckModel(model);
        CheckParts(root);
        if (ByteLevel.Alphabet.FirstOrDefault(letter => !ids.ContainsKey($"{letter}")) is not '\0' and var missing)
            throw Refused($"no token {Wording.Quote($"{missing}")} of one byte");
        return new ByteLevelEncoding(Build(model, ids), tokens) { KeepsKnownPieces = Flag(model, "ignore_merges") ? ids : null };
    }

    private static void CheckModel(JsonElement model)
    {
        if (Flag(model, "byte_fallback"))
            throw Refused("byte_fallback");
        foreach (string key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (TextOf(model, key) is { Length: > 0 })
                throw Refused(key);
        }

        if (model.TryGetProperty("dropout", out JsonElement dropout) && dropout.ValueKind == JsonValueKind.Number
            && dropout.GetDouble() > 0)
        {
            throw Refused("dropout, which makes other tokens each time,");
        }
    }

    private static void CheckParts(JsonElement root)
    {
        if (TypeOf(root, "normalizer") is { } normalizer)
            throw Refused($"a normalizer of type {Wording.Quote(normalizer)}");
        if (TypeOf(root, "pre_tokenizer") is not "ByteLevel" and var other)
            throw Refused($"a pre_tokenizer of type {Wording.Quote(other ?? "none")}");
        JsonElement levels = root.GetProperty("pre_tokenizer");
        if (Flag(levels, "add_prefix_space"))
            throw Refused("add_prefix_space: true");
        if (levels.TryGetProperty("use_regex", out JsonElement regex) && regex.ValueKind == JsonValueKind.False)
            throw Refused("use_regex: false");
    }

    private static BpeTokenizer Build(JsonElement model, Dictionary<string, int> ids) => BpeTokenizer.Create(new BpeOptions(ids)
    {
        Merges = Merges(Section(model, "merges", JsonValueKind.Array), ids), ByteLevel = true,
    });

    private static HashSet<string> Merges(JsonElement section, Dictionary<string, int> ids)
    {
        var merges = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, merge) in section.EnumerateArray().Index())
        {
            string[] parts = Merge(merge);
            string text = string.Join(' ', parts);
            if (parts is not [var left, var right] || text.Count(' ') != 1
                || !ids.ContainsKey(left) || !ids.ContainsKey(right) || !ids.ContainsKey(left + right))
            {
                throw Damaged($"merge {i + 1}, {Wording.Quote(text)}, which does not make a token of the vocabulary of two others");
            }

            if (!merges.Add(text))
                throw Damaged($"the merge {Wording.Quote(text)} a second time, as merge {i + 1}");
        }

        return merges;
    }

    // Older files have a text with a blank, newer ones two texts.
    private static string[] Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.Array
        ? [.. merge.EnumerateArray().Select(part => part.GetString() ?? "")] : merge.GetString()?.Split(' ') ?? [];
}
