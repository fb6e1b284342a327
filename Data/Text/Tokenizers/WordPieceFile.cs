using System.Text.Json;
using Orleans.Tbptt.Data.Problems;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerException;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerSections;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>Reads WordPiece of a <c>tokenizer.json</c>, as of BERT: with a BertNormalizer or none, and a BertPreTokenizer.</summary>
internal static class WordPieceFile
{
    /// <summary>What makes its tokens.</summary>
    /// <exception cref="TokenizerException">A part of the file would make other tokens here.</exception>
    public static TokenizerEncoding Open(JsonElement root, Dictionary<string, int> ids, TokenizerTokens tokens)
    {
        JsonElement model = Section(root, "model");
        string prefix = Required(model, "continuing_subword_prefix"), unknown = Required(model, "unk_token");
        if (!ids.TryGetValue(unknown, out int unknownId))
            throw Refused($"no token {Wording.Quote(unknown)} in the vocabulary, which unk_token names,");
        if (!model.TryGetProperty("max_input_chars_per_word", out JsonElement most) || most.ValueKind != JsonValueKind.Number
            || !most.TryGetUInt64(out ulong longest))
        {
            throw Damaged("no number max_input_chars_per_word");
        }

        if (TypeOf(root, "pre_tokenizer") is not "BertPreTokenizer" and var other)
            throw Refused($"a pre_tokenizer of type {Wording.Quote(other ?? "none")} with a model of type 'WordPiece'");
        BertNormalizer? normalizer = Normalizer(root);
        if (normalizer is not null && tokens.Added.FirstOrDefault(token => token.IsNormalized) is { Content: { } content })
        {
            throw Refused(
                $"the added token {Wording.Quote(content)} with normalized: true, which is looked for in what the normalizer makes,");
        }

        return new WordPieceEncoding(ids, prefix, tokens)
        {
            Normalizer = normalizer, Unknown = unknownId, LongestWord = longest, Decoder = Decoder(root),
        };
    }

    private static BertNormalizer? Normalizer(JsonElement root)
    {
        if (TypeOf(root, "normalizer") is not { } type)
            return null;
        if (type != "BertNormalizer")
            throw Refused($"a normalizer of type {Wording.Quote(type)}");
        JsonElement options = root.GetProperty("normalizer");
        bool lowers = Choice(options, "lowercase");
        bool strips = options.TryGetProperty("strip_accents", out JsonElement strip) && strip.ValueKind != JsonValueKind.Null
            ? Choice(options, "strip_accents") : lowers;
        return new()
        {
            CleansText = Choice(options, "clean_text"), PartsChinese = Choice(options, "handle_chinese_chars"), StripsAccents = strips,
            Lowers = lowers,
        };
    }

    private static WordPieceDecoder? Decoder(JsonElement root) => TypeOf(root, "decoder") switch
    {
        null => null,
        "WordPiece" when root.GetProperty("decoder") is var options => new(Required(options, "prefix"), Choice(options, "cleanup")),
        var type => throw Refused($"a decoder of type {Wording.Quote(type)} with a model of type 'WordPiece'"),
    };

    private static string Required(JsonElement of, string key) => TextOf(of, key) ?? throw Damaged($"no text {key}");

    private static bool Choice(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement choice) && choice.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? choice.ValueKind == JsonValueKind.True : throw Damaged($"no {key}: true or false");
}
