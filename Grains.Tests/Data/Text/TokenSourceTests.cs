using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Data.Text.Tokenizers;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>Texts as tokens of a Hugging Face <c>tokenizer.json</c>.</summary>
public sealed class TokenSourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("cat", "cat")]
    [InlineData("a cat", "a·Ġcat")]
    [InlineData("cat cats", "cat·Ġcat·s")]
    [InlineData("  cat", "Ġ·Ġcat")]
    [InlineData("cat\ncat", "cat·Ċ·cat")]
    [InlineData("cat's", "cat·'·s")]
    [InlineData("cacat", "ca·cat")]
    [InlineData("é", "Ã·©")]
    [InlineData("cat<|end|>cat", "cat·<|end|>·cat")]
    [InlineData("ca<|end|>t", "ca·<|end|>·t")]
    [InlineData("cat <|end|>", "cat·Ġ·<|end|>")]
    [InlineData("<|end|><|en", "<|end|>·<·|·e·n")]
    public void Text_HasTheTokensOfItsPieces(string text, string tokens)
    {
        using TextData source = Open(text + "!", TokenizerFiles.Cat);
        IReadOnlyList<string> names = source.Vocabulary.ToList();
        Assert.Equal(tokens.Split('·'), source.Training.Tokens(0).Select(id => names[(int)id]));
        Assert.Equal(260, source.Shape.Classes);
    }

    /// <summary>The library's own encodings of texts that try every alternative of the pattern, and letters beyond U+FFFF.</summary>
    [Fact]
    public void Tokens_AreThoseOfTheTokenizersLibrary()
    {
        string tokenizer = Encoding.UTF8.GetString(TrainedTokenizer.Unpack("tokenizer"));
        string[] texts = JsonSerializer.Deserialize<string[]>(TrainedTokenizer.Unpack("texts"))!;
        int[][] expected = JsonSerializer.Deserialize<int[][]>(TrainedTokenizer.Unpack("expected"))!;
        Assert.Equal(texts.Length, expected.Length);
        foreach ((int i, string text) in texts.Index())
        {
            using TextData source = Open(text, tokenizer);
            Assert.Equal(expected[i].Select(id => (long)id), [.. source.Training.Tokens(0), source.Training.Classes(0)[^1]]);
        }
    }

    /// <summary>Merges by the definition: of all pairs the one of the lowest rank, the leftmost first, until there is none.</summary>
    [Fact]
    public void Merges_AreThoseOfTheDefinition_AndGiveTheTextBack()
    {
        string[] merges = ["a b", "b a", "ab ab", "a a", "aa b", "ba ba", "abab a", "c c", "cc c", "c ab"];
        var random = new Draws(3);
        for (int run = 0; run < 50; run++)
        {
            string word = string.Concat(Enumerable.Range(0, random.Int(2, 31)).Select(_ => "abc"[random.Int(0, 2)]));
            using TextData source = Open(word + "!", TokenizerFiles.Of(merges, []));
            IReadOnlyList<string> names = source.Vocabulary.ToList();
            string[] tokens = [.. source.Training.Tokens(0).Select(id => names[(int)id])];
            Assert.Equal(Merge(word, merges), tokens);
            Assert.Equal(word, string.Concat(tokens));
        }
    }

    [Fact]
    public void KnownPiece_IsOneToken_WhereMergesAreIgnored()
    {
        string file = TokenizerFiles.Of(["c a", "ca t"], [], text => text
            .Replace("\"ignore_merges\":false", "\"ignore_merges\":true", StringComparison.Ordinal)
            .Replace("\"cat\":257", "\"cat\":257,\"dog\":258", StringComparison.Ordinal));
        using TextData source = Open("dog!dogs?", file);
        IReadOnlyList<string> names = source.Vocabulary.ToList();
        Assert.Equal(["dog", "!", "d", "o", "g", "s"], source.Training.Tokens(0).Select(id => names[(int)id]));
    }

    [Fact]
    public void Pieces_AreCutByScalarValues_WhereverBlocksEnd()
    {
        string text = string.Concat(Enumerable.Range(0, 3000).Select(i =>
            i % 7 == 0 ? " 𝒜𝒷c" : i % 5 == 0 ? "<|end|>" : " cat's\n\n  x"));
        using TextData source = Open(text, TokenizerFiles.Cat);
        IReadOnlyList<string> names = source.Vocabulary.ToList();
        byte[] bytes =
        [
            .. source.Training.Tokens(0).Append(source.Training.Classes(0)[^1]).SelectMany(id => names[(int)id] == "<|end|>"
                ? Encoding.UTF8.GetBytes("<|end|>") : [.. names[(int)id].Select(letter => (byte)ByteLevel.Alphabet.Index()
                    .First(one => one.Item == letter).Index)]),
        ];
        Assert.Equal(text, Encoding.UTF8.GetString(bytes));
        Assert.Equal(text.Split("<|end|>").Length - 1, source.Training.Tokens(0).Count(id => id == 259));
    }

    [Theory]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "a model of type 'Unigram'")]
    [InlineData("\"byte_fallback\":false", "\"byte_fallback\":true", "byte_fallback")]
    [InlineData("\"dropout\":null", "\"dropout\":0.1", "dropout, which makes other tokens each time,")]
    [InlineData("\"end_of_word_suffix\":null", "\"end_of_word_suffix\":\"</w>\"", "end_of_word_suffix")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}", "a normalizer of type 'NFC'")]
    [InlineData("\"pre_tokenizer\":{\"type\":\"ByteLevel\"", "\"pre_tokenizer\":{\"type\":\"Metaspace\"",
        "a pre_tokenizer of type 'Metaspace'")]
    [InlineData("\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false",
        "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true",
        "add_prefix_space: true")]
    [InlineData("\"lstrip\":false", "\"lstrip\":true", "the added token '<|end|>' with lstrip: true")]
    [InlineData("\"Ġ\":32,", "", "no token 'Ġ' of one byte")]
    public void Part_ThatMakesOtherTokens_IsRefusedByItsName(string part, string other, string found)
    {
        string text = TokenizerFiles.Cat;
        Assert.Contains(part, text.Replace("\\u0120", "Ġ", StringComparison.Ordinal), StringComparison.Ordinal);
        string problem = Problem(text.Replace("\\u0120", "Ġ", StringComparison.Ordinal).Replace(part, other, StringComparison.Ordinal));
        Assert.Equal(
            $"data.tokenizer: found {found} in {_directory.File("tokenizer.json")}, expected byte-level BPE, as of GPT-2, or WordPiece, as "
            + "of BERT; encode the texts in Python, save the numbers by numpy.save, and read them as npy:FILES with "
            + "model.embedding", problem);
    }

    /// <summary>Where tokens cannot overlap, the library's two looks find what one look finds.</summary>
    [Theory]
    [InlineData("ab", "bcde", true)]
    [InlineData("bcde", "ab", true)]
    [InlineData("abc", "b", true)]
    [InlineData("b", "abc", true)]
    [InlineData("ab", "ab", true)]
    [InlineData("ab", "cd", false)]
    [InlineData("bab", "cacd", false)]
    public void AddedTokens_AreRefused_WhereThoseThatAreNormalizedCanOverlapOthers(string normalized, string other, bool isRefused)
    {
        string file = TokenizerFiles.Of([], other == normalized ? [(other, 256), (other, 256)] : [(other, 256), (normalized, 257)]);
        int last = file.LastIndexOf("\"normalized\":false", StringComparison.Ordinal);
        file = file[..last] + "\"normalized\":true" + file[(last + "\"normalized\":false".Length)..];
        if (isRefused)
        {
            Assert.Contains(
                $"the added tokens '{other}' with normalized: false and '{normalized}' with normalized: true, which can overlap, in ",
                Problem(file), StringComparison.Ordinal);
            return;
        }

        using TextData source = Open($"x{normalized}{other}!", file);
        Assert.Equal(['x', 257L, 256L], source.Training.Tokens(0).Select(id => id < 256 ? source.Vocabulary.ToList()[(int)id][0] : id));
    }

    [Theory]
    [InlineData("\"ca\":256", "\"ca\":256,\"zz\":1516", null)]
    [InlineData("\"ca\":256", "\"ca\":256,\"zz\":1600", "the number 1600 for 'zz' in a vocabulary of 258 tokens in ")]
    [InlineData("[\"c a\"]", "[\"c a\",\"c a\"]", "the merge 'c a' a second time, as merge 2 in ")]
    [InlineData("[\"c a\"]", "[[\"c\",\"a\"],[\"c\",\"b\"]]",
        "merge 2, 'c b', which does not make a token of the vocabulary of two others in ")]
    public void Vocabulary_IsRefused_WhereItsNumbersOrMergesAreDamaged(string part, string other, string? found)
    {
        string file = TokenizerFiles.Of(["c a"], [], text => text.Replace(part, other, StringComparison.Ordinal));
        if (found is null)
        {
            using TextData source = Open("a ca", file);
            Assert.Equal(1517, source.Shape.Classes);
        }
        else
            Assert.Contains($"found {found}", Problem(file), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatDoesNothingHere_IsReported()
    {
        using TextData source = Open("a cat", TokenizerFiles.Of(["c a"], [], text => text
            .Replace("\"post_processor\":null", "\"post_processor\":{\"type\":\"TemplateProcessing\"}", StringComparison.Ordinal)
            .Replace("\"truncation\":null", "\"truncation\":{\"max_length\":2}", StringComparison.Ordinal)));
        Assert.Equal(
            [
                "the post_processor of type 'TemplateProcessing' does nothing here: it adds tokens at the ends of one text",
                "the tokenizer's truncation does nothing here: texts are one long stream",
            ], source.Description.Remarks.Skip(1));
    }

    [Theory]
    [InlineData(258, 259)]
    [InlineData(260, 259)]
    public void NumberOfAnAddedToken_IsRefused_WhereTheLibraryGivesAnother(int number, int given) => Assert.Contains(
        number == 258 ? "found the number 258 for 'Ġcat' and '<|end|>' in "
            : $"found the added token '<|end|>' with number {number}, where the tokenizers library gives it {given}, in ",
        Problem(TokenizerFiles.Of(["c a", "ca t", "Ġ cat"], [("<|end|>", number)])), StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "no model in ")]
    [InlineData("[1, 2", "no tokenizer (")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "no tokenizer (")]
    public void File_IsRefused_WhenItIsNone(string text, string found) =>
        Assert.StartsWith($"data.tokenizer: found {found}", Problem(text), StringComparison.Ordinal);

    [Fact]
    public void Tokenizer_IsAskedFor_AndAFileOfTheRun()
    {
        Assert.Equal(
            ["data.tokenizer"],
            SpecLoader.Parse(SpecFixture.Bytes.With("  source: tokens:*.txt"), "run.yaml", "/", filesMustExist: false)
                .Problems.Select(problem => problem.Key));
        using PreparedRun run = PreparedRun.Prepare(Given.Spec(Data("a cat", TokenizerFiles.Cat), Given.Embedding, new CrossEntropy()));
        Assert.Equal([_directory.File("text.txt"), _directory.File("tokenizer.json")], run.Files.Select(file => file.Path));
        Assert.Equal(260, run.Spec.Model.OutputSize);
    }

    private static List<string> Merge(string word, string[] merges)
    {
        List<string> tokens = [.. word.Select(letter => $"{letter}")];
        while (true)
        {
            var (rank, at) = Enumerable.Range(0, Math.Max(0, tokens.Count - 1))
                .Select(i => (Rank: Array.IndexOf(merges, $"{tokens[i]} {tokens[i + 1]}"), At: i)).Where(pair => pair.Rank >= 0)
                .DefaultIfEmpty((-1, 0)).Min();
            if (rank < 0)
                return tokens;
            tokens[at] += tokens[at + 1];
            tokens.RemoveAt(at + 1);
        }
    }

    private string Problem(string tokenizer) => Given.Problem(Data("a cat", tokenizer));

    private TextData Open(string text, string tokenizer) =>
        (TextData)Given.Open(Data(text, tokenizer), Given.Embedding);

    private DataSpec Data(string text, string tokenizer) => new()
    {
        BatchSize = 1,
        Source = new TokenSource
        {
            Glob = _directory.Write("text.txt", text), Tokenizer = _directory.Write("tokenizer.json", tokenizer),
        },
    };
}
