using System.Text.Json;
using Microsoft.ML.Tokenizers;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>A <c>tokenizer.json</c> cannot be read, or has a part that would make other tokens here.</summary>
internal sealed class TokenizerException(string found, string expected, string remedy) : Exception
{
    public override string Message => found;

    public string Found => found;

    public string Expected => expected;

    public string Remedy => remedy;
}

/// <summary>
/// Reads a <c>tokenizer.json</c> of byte-level BPE, as of GPT-2, RoBERTa and those that are trained by the tokenizers library with its
/// ByteLevel parts. Any part that makes other tokens than the same file makes there is refused by its name.
/// </summary>
internal static class TokenizerFile
{
    private const long Largest = 64 << 20;
    private const long MostPairs = 100_000_000;
    private const int MostGaps = 1_000;
    private const string Whole = "a tokenizer.json that Tokenizer.save wrote";
    private const string Expected = "byte-level BPE, as of GPT-2";
    private const string Remedy =
        "encode the texts in Python, save the numbers by numpy.save, and read them as npy:FILES with model.embedding";

    /// <summary>Reads a file.</summary>
    /// <exception cref="TokenizerException">It is none, or one that is not read here.</exception>
    public static TokenizerEncoding Read(string path)
    {
        if (new FileInfo(path).Length > Largest)
            throw new TokenizerException($"more than {Largest >> 20} MiB", Whole, "check that the file is a tokenizer.json");
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement, model = Section(root, "model");
            CheckModel(model);
            CheckParts(root);
            Dictionary<string, int> ids = Numbers(Section(model, "vocab"));
            List<AddedToken> added = [.. Added(root)];
            CheckOrder(added);
            Vocabulary vocabulary = Named(ids, added);
            CheckNumbers(ids, added);
            return new(Build(model, ids), vocabulary, added, [.. Remarks(root)])
            {
                KeepsKnownPieces = Flag(model, "ignore_merges") ? ids : null,
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or KeyNotFoundException
            or ArgumentException)
        {
            throw new TokenizerException(
                $"no tokenizer ({Wording.Quote(error.Message)})", Whole, "save it again by Tokenizer.save, or save_pretrained");
        }
    }

    private static void CheckModel(JsonElement model)
    {
        string type = Text(model, "type") ?? "none";
        if (type != "BPE")
            throw Refused($"a model of type {Wording.Quote(type)}");
        if (Flag(model, "byte_fallback"))
            throw Refused("byte_fallback");
        foreach (string key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (Text(model, key) is { Length: > 0 })
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

    private static IEnumerable<AddedToken> Added(JsonElement root)
    {
        if (!root.TryGetProperty("added_tokens", out JsonElement added) || added.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (JsonElement token in added.EnumerateArray())
        {
            string content = Text(token, "content") ?? "";
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
    private static void CheckOrder(List<AddedToken> added)
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
    private static void CheckNumbers(Dictionary<string, int> ids, List<AddedToken> added)
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

    private static Dictionary<string, int> Numbers(JsonElement vocab)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonProperty entry in vocab.EnumerateObject())
        {
            if (!ids.TryAdd(entry.Name, Number(entry.Value)))
                throw Damaged($"the token {Wording.Quote(entry.Name)} a second time");
        }

        if (ByteLevel.Alphabet.FirstOrDefault(letter => !ids.ContainsKey($"{letter}")) is not '\0' and var missing)
            throw Refused($"no token {Wording.Quote($"{missing}")} of one byte");
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

    private static JsonElement Section(JsonElement of, string key, JsonValueKind kind = JsonValueKind.Object) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out JsonElement section) && section.ValueKind == kind ? section
        : throw Damaged($"no {key}");

    private static string? TypeOf(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement part) && part.ValueKind == JsonValueKind.Object ? Text(part, "type") ?? "none" : null;

    private static string? Text(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static bool Flag(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement flag) && flag.ValueKind == JsonValueKind.True;

    private static int Number(JsonElement id) => id.TryGetInt32(out int number) && number >= 0 && number < Vocabulary.Most ? number
        : throw Damaged(FormattableString.Invariant($"the number {id} of a token, which is not from 0 to {Vocabulary.Most - 1:N0}"));

    private static TokenizerException Refused(string found) => new(found, Expected, Remedy);

    private static TokenizerException Damaged(string found) =>
        new(found, Whole, "save it again by Tokenizer.save, or save_pretrained");
}
