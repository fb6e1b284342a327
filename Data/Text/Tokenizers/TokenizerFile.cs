using System.Text.Json;
using Orleans.Tbptt.Data.Problems;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerException;
using static Orleans.Tbptt.Data.Text.Tokenizers.TokenizerSections;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>
/// Reads a <c>tokenizer.json</c>. Any part that makes other tokens here than the tokenizers library makes of the same file is refused by
/// its name.
/// </summary>
internal static class TokenizerFile
{
    private const long Largest = 64 << 20;
    private const int MostGaps = 1_000;

    /// <summary>Reads a file.</summary>
    /// <exception cref="TokenizerException">It is none, or one that is not read here.</exception>
    public static TokenizerEncoding Read(string path)
    {
        if (new FileInfo(path).Length > Largest)
            throw Unlikely($"more than {Largest >> 20} MiB");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement, model = Section(root, "model");
            Func<JsonElement, Dictionary<string, int>, TokenizerTokens, TokenizerEncoding> open = TextOf(model, "type") switch
            {
                "BPE" => ByteLevelFile.Open,
                "WordPiece" => WordPieceFile.Open,
                var type => throw Refused($"a model of type {Wording.Quote(type ?? "none")}"),
            };
            Dictionary<string, int> ids = Numbers(Section(model, "vocab"));
            List<AddedToken> added = [.. AddedTokens.Read(root)];
            AddedTokens.CheckOrder(added);
            var tokens = new TokenizerTokens(Named(ids, added), added, [.. Remarks(root)]);
            TokenizerEncoding encoding = open(root, ids, tokens);
            AddedTokens.CheckNumbers(ids, added);
            return encoding;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException
            or ArgumentException)
        {
            throw Damaged($"no tokenizer ({Wording.Quote(error.Message)})");
        }
    }

    private static Dictionary<string, int> Numbers(JsonElement vocab)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonProperty entry in vocab.EnumerateObject())
        {
            if (!ids.TryAdd(entry.Name, Number(entry.Value)))
                throw Damaged($"the token {Wording.Quote(entry.Name)} a second time");
        }

        return ids;
    }

    /// <summary>The tokens by their numbers; numbers without one have a name that says so.</summary>
    private static Vocabulary Named(Dictionary<string, int> ids, List<AddedToken> added)
    {
        var names = new Dictionary<int, string>();
        int most = (2 * (ids.Count + added.Count)) + MostGaps;
        foreach (var (token, id) in ids.Concat(added.Select(token => KeyValuePair.Create(token.Content, token.Id))))
        {
            if (id > most)
                throw Damaged($"the number {id} for {Wording.Quote(token)} in a vocabulary of {ids.Count} tokens");
            if (!names.TryAdd(id, token) && names[id] != token)
                throw Damaged($"the number {id} for {Wording.Quote(names[id])} and {Wording.Quote(token)}");
        }

        var vocabulary = new Vocabulary();
        for (int id = 0; id <= names.Keys.Max(); id++)
        {
            string name = names.GetValueOrDefault(id, $"(no token {id})");
            if (vocabulary.Has(name))
                throw Damaged($"two numbers for {Wording.Quote(name)}");
            vocabulary.Add(name);
        }

        return vocabulary.Close();
    }

    private static IEnumerable<string> Remarks(JsonElement root)
    {
        if (TypeOf(root, "post_processor") is { } type and not "ByteLevel")
            yield return $"the post_processor of type {Wording.Quote(type)} does nothing here: it adds tokens at the ends of one text";
        foreach (string key in new[] { "truncation", "padding" })
        {
            if (root.TryGetProperty(key, out JsonElement part) && part.ValueKind == JsonValueKind.Object)
                yield return $"the tokenizer's {key} does nothing here: texts are one long stream";
        }
    }
}
