using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Text;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data.Text;

/// <summary>Texts as characters and words of a vocabulary.</summary>
public sealed class TextSourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Characters_AreNumbered_InOrderOfFirstAppearance_OverFiles()
    {
        _directory.Write("b.txt", "a𝄞\r\n");
        _directory.Write("a.txt", "\uFEFFaé\na");
        _directory.Write(".c.txt", "zzz");
        using var source = Open(new CharacterSource { Glob = _directory.File("*") });

        Assert.Equal(["a", "é", "\n", "𝄞", "\r"], source.Vocabulary.ToList());
        Assert.Equal([0, 1, 2, 0, 0, 3, 4], source.Training.Tokens(0));
        Assert.Equal([1, 2, 0, 0, 3, 4, 2], source.Training.Classes(0));
        Assert.Equal(new(0, 5, 0, 5), source.Shape);
        Assert.Equal(
            [
                "8 characters in 2 files; a vocabulary of 5, in order of first appearance",
                "left out 1 hidden entry (.c.txt): a part of the glob that begins with a dot names them",
            ], source.Description.Remarks);
    }

    /// <summary>What Python gives: <c>[w for line in open(...) for w in line.split() + ['&lt;eos&gt;']]</c>.</summary>
    [Theory]
    [InlineData("the cat\nthe end\n", "the cat <eos> the end <eos>")]
    [InlineData("the cat\n\n  \nend", "the cat <eos> <eos> <eos> end <eos>")]
    [InlineData("a\r\nb\rc\r\r\nd", "a <eos> b <eos> c <eos> <eos> d <eos>")]
    [InlineData("a\tb\u00a0c\u2003d\u001ce\vf\u2028g\n", "a b c d e f g <eos>")]
    [InlineData("x \n ", "x <eos> <eos>")]
    [InlineData("a\r \nb", "a <eos> <eos> b <eos>")]
    public void Words_AreParted_AsWordLanguageModelDoes(string text, string expected)
    {
        _directory.Write("a.txt", text);
        using var source = Open(new WordSource { Glob = _directory.File("*") });
        IReadOnlyList<string> words = source.Vocabulary.ToList();
        string[] tokens = expected.Split(' ');

        Assert.Equal(tokens.Distinct(), words);
        Assert.Equal(tokens[..^1], source.Training.Tokens(0).Select(id => words[(int)id]));
        Assert.Equal(tokens[1..], source.Training.Classes(0).Select(id => words[(int)id]));
    }

    [Theory]
    [InlineData(2, null, "a <eos> b <unk>", "0 1 2 0 1 3 2 0 1")]
    [InlineData(null, 1, "a <eos> <unk>", "0 1 2 0 1 2 2 0 1")]
    [InlineData(3, 5, "a <eos> <unk>", "0 1 2 0 1 2 2 0 1")]
    [InlineData(null, 9, "a <eos> b c <unk>", "0 1 2 0 1 3 2 0 1")]
    public void RareWords_AreUnknown_WhenAskedFor(int? minCount, int? maxWords, string vocabulary, string tokens)
    {
        _directory.Write("a.txt", "a\nb a\nc b a\n");
        using var source = Open(new WordSource { Glob = _directory.File("*"), MinCount = minCount, MaxWords = maxWords });

        Assert.Equal(vocabulary.Split(' '), source.Vocabulary.ToList());
        Assert.Equal(tokens.Split(' ').Select(long.Parse), [.. source.Training.Tokens(0), source.Training.Classes(0)[^1]]);
    }

    [Fact]
    public void OfEquallyFrequentWords_TheFirstAreKept() =>
        Assert.Equal(["c", "a", "<eos>", "<unk>"], WordsOf("c a b c d a b\n", new WordSource { MaxWords = 2 }));

    [Fact]
    public void UnknownWordOfTheText_IsTheUnknownWord() =>
        Assert.Equal(["a", "<unk>", "<eos>"], WordsOf("a <unk> a rare\n", new WordSource { MinCount = 2 }));

    [Fact]
    public void Vocabulary_IsReadFromItsFile_AndNamesWhatItLacks()
    {
        string text = _directory.Write("a.txt", "b a\nb zoo\n");
        string file = _directory.Write("words.list", "a\n<eos>\r\nb\n");
        var words = new WordSource { Glob = text, Vocabulary = file };
        Assert.Equal($"data.source: found the word 'zoo' in line 2, at byte 6 of {text}, which is not in the vocabulary, expected words "
            + "of the vocabulary; add it to the file of data.vocabulary, or a line <unk> that stands for all others",
            Given.Problem(Data(words)));

        File.AppendAllText(file, "<unk>\nnever\n");
        using var source = Open(words);
        Assert.Equal([2, 0, 1, 2, 3], source.Training.Tokens(0));
        Assert.Equal(5, source.Shape.Classes);
        Assert.Equal($"6 words in 1 file; a vocabulary of 5, of {file}; 16.7 % of the words are <unk>", source.Description.Remarks[0]);
    }

    [Fact]
    public void CharactersOfLineEnds_AreEscaped_InAVocabularysFile()
    {
        string text = _directory.Write("a.txt", "\\\r\n𝄞");
        string file = _directory.Write("list", "𝄞\n\\n\n\\\n\\r\n");
        using var source = Open(new CharacterSource { Glob = text, Vocabulary = file });

        Assert.Equal([2, 3, 1], source.Training.Tokens(0));
        Assert.Equal(0, source.Training.Classes(0)[^1]);
    }

    [Theory]
    [InlineData(true, "a\na\n<eos>\n", "'a' a second time in line 2")]
    [InlineData(true, "a\n\n<eos>\n", "an empty line in line 2")]
    [InlineData(true, "a\nb c\n<eos>\n", "'b c' in line 2")]
    [InlineData(true, "a\n", "no line <eos>")]
    [InlineData(false, "a\nbc\n", "'bc' in line 2")]
    public void VocabularysFile_IsRefused_WithTheLine(bool areWords, string text, string found)
    {
        (string data, string file) = (_directory.Write("a.txt", "a\n"), _directory.Write("list", text));
        TextSource source = areWords ? new WordSource { Glob = data, Vocabulary = file }
            : new CharacterSource { Glob = data, Vocabulary = file };

        string problem = Given.Problem(Data(source));
        Assert.StartsWith($"data.vocabulary: found {found}", problem, StringComparison.Ordinal);
        Assert.Contains(file, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 97, 98, 0xff, 99 }, "ill-formed UTF-8 at byte 2")]
    [InlineData(new byte[] { 97, 0xe2, 0x82 }, "ill-formed UTF-8 at byte 1")]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, "ill-formed UTF-8 at byte 0")]
    [InlineData(new byte[] { 0x1f, 0x8b, 8, 0 }, "which is compressed")]
    public void Text_IsRefused_WithFileAndByte_WhenItIsNoUtf8(byte[] bytes, string found)
    {
        string path = _directory.Write("a.txt", bytes);
        foreach (TextSource source in new TextSource[] { new CharacterSource { Glob = path }, new WordSource { Glob = path } })
        {
            string problem = Given.Problem(Data(source));
            Assert.Contains(found, problem, StringComparison.Ordinal);
            Assert.Contains(path, problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Characters_AreRead_AcrossTheBordersOfBlocks()
    {
        string text = "x" + string.Concat(Enumerable.Repeat("€𝄞é", 30_000));
        _directory.Write("a.txt", text);
        using var source = Open(new CharacterSource { Glob = _directory.File("*") }, fraction: 0.5);
        IReadOnlyList<string> characters = source.Vocabulary.ToList();

        Assert.Equal(90_001, source.Training.Length(0) + 1 + source.Validation!.Length(0) + 1);
        string training = string.Concat(source.Training.Tokens(0).Select(id => characters[(int)id]));
        Assert.StartsWith(training, text, StringComparison.Ordinal);
        Assert.EndsWith(
            string.Concat(source.Validation.Classes(0).Select(id => characters[(int)id])), text, StringComparison.Ordinal);
    }

    [Fact]
    public void WordOfNoEnd_IsRefused_WithItsPlace()
    {
        string path = _directory.Write("a.txt", "ab " + new string('x', TokenWriter.LongestWord + 1));
        Assert.Contains($"a word of more than 65536 characters at byte 3 of {path}", Given.Problem(Data(new WordSource { Glob = path })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_RefusesATokenTooMany()
    {
        var vocabulary = new Vocabulary(most: 2);
        Assert.Equal([0, 1, 0], new[] { "a", "b", "a" }.Select(word => vocabulary.IdOf(word)));
        Assert.Throws<VocabularyFullException>(() => vocabulary.IdOf("c"));
        Assert.Equal(-1, vocabulary.Close().IdOf("c"));
    }

    [Theory]
    [InlineData(null, "b <eos> d a", 4)]
    [InlineData(1, "b <eos> <unk> a", 4)]
    public void WhatIsHeldOut_HasTheVocabularyOfWhatIsTrainedOn(int? minCount, string classes, int size)
    {
        string train = _directory.Write("train.txt", "a b\na\n"), held = _directory.Write("held.txt", "a b\nd a\n");
        DataSpec data = Data(new WordSource { Glob = train, MinCount = minCount }) with
        {
            Validation = new() { Source = new WordSource { Glob = held } },
        };
        using PreparedRun run = PreparedRun.Prepare(Given.Spec(data, Given.Embedding, new CrossEntropy()));

        string[] words = minCount is null ? ["a", "b", "<eos>", "d"] : ["a", "b", "<eos>", "<unk>"];
        Assert.Equal(classes.Split(' '), run.Data.Validation!.Classes(0)[..4].Select(id => words[id]));
        Assert.Equal(size, run.Spec.Model.Embedding!.Vocabulary);
        Assert.Equal([train, held], run.Files.Select(file => file.Path));
        Assert.Equal(size, run.Description.Vocabulary);
    }

    [Fact]
    public void Tokens_AreListed_InTheRunsDescription()
    {
        string words = string.Concat(Enumerable.Range(0, Vocabulary.MostListed - 1).Select(i => $"{i} "));
        string train = _directory.Write("train.txt", words);
        using (var source = Open(new WordSource { Glob = train }))
            Assert.Equal([.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries), "<eos>"], source.Description.Tokens);
        File.AppendAllText(train, "further");
        using (var source = Open(new WordSource { Glob = train }))
            Assert.Empty(source.Description.Tokens);

        DataSpec data = Data(new WordSource { Glob = _directory.Write("a.txt", "a b\n") }) with
        {
            Validation = new() { Source = new WordSource { Glob = _directory.Write("held.txt", "c a") } },
        };
        using PreparedRun run = PreparedRun.Prepare(Given.Spec(data, Given.Embedding, new CrossEntropy()));
        Assert.Equal(["a", "b", "<eos>", "c"], run.Description.Contents.Tokens);
    }

    [Fact]
    public void Vocabulary_IsAFileOfTheRun()
    {
        string text = _directory.Write("a.txt", "a b\n"), file = _directory.Write("list", "<eos>\na\nb\n");
        using PreparedRun run = PreparedRun.Prepare(
            Given.Spec(Data(new WordSource { Glob = text, Vocabulary = file }), Given.Embedding, new CrossEntropy()));

        Assert.Equal([text, file], run.Files.Select(read => read.Path));
        File.WriteAllText(file, "<eos>\nb\na\n");
        Assert.Contains(file, run.FindChange(), StringComparison.Ordinal);
    }

    [Fact]
    public void VocabularysKeys_ExcludeEachOther() => Assert.Equal(
        ["data.minCount", "data.maxWords"],
        SpecLoader.Parse(
            SpecFixture.Bytes.With("  source: words:*.txt\n  vocabulary: list\n  minCount: 2\n  maxWords: 3"), "run.yaml", "/",
            filesMustExist: false).Problems.Select(problem => problem.Key));

    private IReadOnlyList<string> WordsOf(string text, WordSource source)
    {
        using var read = Open(source with { Glob = _directory.Write("a.txt", text) });
        return read.Vocabulary.ToList();
    }

    private static TextData Open(TextSource source, double fraction = 0) => (TextData)Given.Open(Data(source, fraction), Given.Embedding);

    private static DataSpec Data(TextSource source, double fraction = 0) =>
        new() { Source = source, BatchSize = 1, ValidationFraction = fraction };
}
