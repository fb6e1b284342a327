using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Data.Text.Tokenizers;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>Texts as tokens of WordPiece.</summary>
public sealed class WordPieceTests : IDisposable
{
    private static readonly string[] Tokens =
        ["[UNK]", "[MASK]", "un", "##aff", "##able", "able", "a", "##b", "ab", "cafe", "café", "!", "中", "##中", "文", "𝒜", "##𝒜"];

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Greedy: the longest token that the vocabulary has, from the word's beginning on.</summary>
    [Theory]
    [InlineData("unaffable", "un ##aff ##able")]
    [InlineData("unable able", "un ##able able")]
    [InlineData("ab abb aab", "ab ab ##b [UNK]")]
    [InlineData("ABB", "ab ##b")]
    [InlineData("aff", "[UNK]")]
    [InlineData("Café!able", "cafe ! able")]
    [InlineData("ab中文b", "ab 中 文 [UNK]")]
    [InlineData("ab[MASK]b [mask]", "ab [MASK] [UNK] [UNK] [UNK] [UNK]")]
    [InlineData("un\nable\tab", "un able ab")]
    [InlineData("abbbbbbbb abbbbbbbbb", "ab ##b ##b ##b ##b ##b ##b ##b [UNK]")]
    [InlineData("𝒜𝒜𝒜𝒜𝒜𝒜𝒜𝒜𝒜 𝒜𝒜𝒜𝒜𝒜𝒜𝒜𝒜𝒜𝒜", "𝒜 ##𝒜 ##𝒜 ##𝒜 ##𝒜 ##𝒜 ##𝒜 ##𝒜 ##𝒜 [UNK]")]
    public void Word_HasTheLongestTokensFromItsBeginningOn(string text, string tokens) =>
        Assert.Equal(tokens.Split(' '), Names(Read(File(lowercase: true)), text));

    [Theory]
    [InlineData(false, null, "café")]
    [InlineData(false, true, "cafe")]
    [InlineData(true, null, "cafe")]
    [InlineData(true, false, "café")]
    public void Accents_AreStripped_WhereTheFileSaysSo_AndElseWithLowercase(bool lowercase, bool? strips, string token)
    {
        TokenizerEncoding encoding = Read(File(lowercase, strips));
        Assert.Equal([token], Names(encoding, "cafe\u0301"[..3] + (token == "café" ? "é" : "e\u0301")));
        Assert.Equal([lowercase ? token : "[UNK]"], Names(encoding, "CAFÉ"));
    }

    /// <summary>The library's own encodings of texts, and its own decodings of them.</summary>
    [Fact]
    public void Tokens_AreThoseOfTheTokenizersLibrary()
    {
        var library = LibraryWordPiece.Read();
        Assert.Equal(7, library.Normalizers.Count);
        foreach (var (i, normalizer) in library.Normalizers.Index())
        {
            TokenizerEncoding encoding = Read(library.With(normalizer));
            foreach (var (j, text) in library.Texts.Index())
                Assert.Equal((i, j, Text(library.Ids[i][j])), (i, j, Text(Ids(encoding, text))));
        }

        static string Text(IEnumerable<int> ids) => string.Join(' ', ids);
    }

    [Fact]
    public void TokensAsText_AreThoseOfTheTokenizersLibrary()
    {
        var library = LibraryWordPiece.Read();
        foreach (var (cleanup, decoded) in new[] { true, false }.Zip(library.Decoded.Chunk(library.Decoded.Count / 2)))
        {
            library.Tokenizer["decoder"]!["cleanup"] = cleanup;
            TokenizerEncoding encoding = Read(library.With(null));
            Assert.Equal(decoded, library.Ids[1].Take(decoded.Length).Select(ids => Spell(encoding, ids)));
        }
    }

    [Fact]
    public void TokensAsText_HaveBlanksBetweenThem_WithoutADecoder()
    {
        JsonObject file = File(lowercase: true);
        file["decoder"] = null;
        TokenizerEncoding encoding = Read(file);
        Assert.Equal("un ##able !", Spell(encoding, Ids(encoding, "unable!")));
    }

    /// <summary>What is done to each of the 1,112,064 Unicode scalar values is what the library does.</summary>
    [Fact]
    public void EveryCharacter_IsNormalizedAndPartedAsByTheTokenizersLibrary()
    {
        BertNormalizer[] normalizers =
            [new() { CleansText = true }, new() { PartsChinese = true }, new() { StripsAccents = true }, new() { Lowers = true }];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var line = new StringBuilder();
        var made = new List<Rune>();
        for (int value = 0; value <= 0x10ffff; value++)
        {
            if (!Rune.TryCreate(value, out Rune rune))
                continue;
            line.Clear().Append($"{value:x}");
            foreach (BertNormalizer normalizer in normalizers)
            {
                made.Clear();
                normalizer.Add(rune, made);
                normalizer.End(made);
                line.Append('\t').AppendJoin('.', made.Select(one => $"{one.Value:x}"));
            }

            int words = Rune.IsWhiteSpace(rune) ? 2 : BertCharacters.Tables.Punctuation.Find(rune) is null ? 1 : 3;
            hash.AppendData(Encoding.UTF8.GetBytes($"{line.Append($"\t{words}\n")}"));
        }

        Assert.Equal(LibraryWordPiece.Characters, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [Theory]
    [InlineData("normalizer", """{"type":"NFC"}""", "a normalizer of type 'NFC'")]
    [InlineData("pre_tokenizer", """{"type":"Whitespace"}""", "a pre_tokenizer of type 'Whitespace' with a model of type 'WordPiece'")]
    [InlineData("pre_tokenizer", "null", "a pre_tokenizer of type 'none' with a model of type 'WordPiece'")]
    [InlineData("decoder", """{"type":"Metaspace"}""", "a decoder of type 'Metaspace' with a model of type 'WordPiece'")]
    [InlineData("model/unk_token", "\"<unk>\"", "no token '<unk>' in the vocabulary, which unk_token names,")]
    [InlineData("added_tokens/0/normalized", "true",
        "the added token '[UNK]' with normalized: true, which is looked for in what the normalizer makes,")]
    public void Part_ThatMakesOtherTokens_IsRefusedByItsName(string key, string value, string found) => Assert.Equal(
        $"data.tokenizer: found {found} in {_directory.File("tokenizer.json")}, expected byte-level BPE, as of GPT-2, or WordPiece, as of "
        + "BERT; encode the texts in Python, save the numbers by numpy.save, and read them as npy:FILES with model.embedding",
        Problem(Changed(key, value)));

    [Theory]
    [InlineData("model/max_input_chars_per_word", "null", "no number max_input_chars_per_word")]
    [InlineData("model/continuing_subword_prefix", "null", "no text continuing_subword_prefix")]
    [InlineData("normalizer/clean_text", "null", "no clean_text: true or false")]
    public void File_IsRefused_WhereItLacksWhatTheLibraryWrites(string key, string value, string found) =>
        Assert.StartsWith($"data.tokenizer: found {found} in ", Problem(Changed(key, value)), StringComparison.Ordinal);

    /// <summary>A word without end is unknown, and takes no memory; where the file would know it, it is refused.</summary>
    [Fact]
    public void WordOfNoEnd_IsUnknown_OrRefusedWithItsPlace()
    {
        string text = "ab " + new string('b', 3 * TokenWriter.LongestWord) + " ab";
        Assert.Equal(["ab", "[UNK]", "ab"], Names(Read(File(lowercase: true)), text));
        Assert.Equal(3, Read(Changed("model/max_input_chars_per_word", "100000000")).Add(Runes(text), _ => { }));
    }

    [Fact]
    public void Source_NumbersAndCountsTokens()
    {
        using var source = (TextData)Given.Open(Data(File(lowercase: true).ToJsonString(), "unaffable Café! ab"), Given.Embedding);
        Assert.Equal(Tokens.Length, source.Shape.Classes);
        Assert.Equal([2, 3, 4, 9, 11], source.Training.Tokens(0));
    }

    private static JsonObject File(bool lowercase, bool? strips = null) => new()
    {
        ["added_tokens"] = new JsonArray([.. Tokens[..2].Index().Select(token => new JsonObject
        {
            ["id"] = token.Index, ["content"] = token.Item, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false,
            ["normalized"] = false, ["special"] = true,
        })]),
        ["normalizer"] = new JsonObject
        {
            ["type"] = "BertNormalizer", ["clean_text"] = true, ["handle_chinese_chars"] = true, ["strip_accents"] = strips,
            ["lowercase"] = lowercase,
        },
        ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
        ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
        ["model"] = new JsonObject
        {
            ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = 9,
            ["vocab"] = new JsonObject([.. Tokens.Index().Select(token => KeyValuePair.Create(token.Item, (JsonNode?)token.Index))]),
        },
    };

    private static JsonObject Changed(string key, string value)
    {
        JsonObject file = File(lowercase: true);
        JsonNode section = file;
        string[] path = key.Split('/');
        foreach (string step in path[..^1])
            section = int.TryParse(step, out int place) ? section[place]! : section[step]!;
        section[path[^1]] = JsonNode.Parse(value);
        return file;
    }

    private static List<int> Ids(TokenizerEncoding encoding, string text)
    {
        var ids = new List<int>();
        Assert.Null(encoding.Add(Runes(text), ids.Add));
        return ids;
    }

    private static Utf8Runes Runes(string text) => new(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static IEnumerable<string> Names(TokenizerEncoding encoding, string text) => Ids(encoding, text).Select(id => Tokens[id]);

    private static string Spell(TokenizerEncoding encoding, IReadOnlyList<int> ids) =>
        string.Concat(ids.Select((id, i) => Encoding.UTF8.GetString(encoding.Spell(id, isFirst: i == 0))));

    private TokenizerEncoding Read(JsonObject file) => Read(file.ToJsonString());

    private TokenizerEncoding Read(string file) => TokenizerFile.Read(_directory.Write("tokenizer.json", file));

    private string Problem(JsonObject file) => Given.Problem(Data(file.ToJsonString(), "ab ab"));

    private DataSpec Data(string tokenizer, string text) => new()
    {
        BatchSize = 1,
        Source = new TokenSource
        {
            Glob = _directory.Write("text.txt", text), Tokenizer = _directory.Write("tokenizer.json", tokenizer),
        },
    };
}
