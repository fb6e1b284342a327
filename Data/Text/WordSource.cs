using System.Text;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Text;

/// <summary>
/// Texts as one long stream of words, parted by white space, with <c>&lt;eos&gt;</c> at the end of each line, as in PyTorch's
/// word_language_model.
/// </summary>
public sealed record WordSource : TextSource, ITokenText
{
    /// <summary>Rarer words are <c>&lt;unk&gt;</c>; null for none.</summary>
    public int? MinCount { get; init; }

    /// <summary>
    /// How many words are kept, the most frequent ones; all others are <c>&lt;unk&gt;</c>. <c>&lt;unk&gt;</c> and <c>&lt;eos&gt;</c> do not
    /// count. Null for all.
    /// </summary>
    public int? MaxWords { get; init; }

    /// <inheritdoc/>
    public override string Word => "words";

    /// <inheritdoc/>
    public override string About =>
        "the words of all files of a glob in order of their paths, texts in UTF-8, parted by white space, with `<eos>` at the end of each "
        + "line, as one long stream; the target is the next word";

    /// <inheritdoc/>
    public override bool GrowsByAppending => true;

    /// <inheritdoc/>
    public override bool CanBeFollowed => true;

    internal override RowCut? RowCut => new(RowUnit.Word, IsPacked: FileContent.IsPacked);

    private protected override string Noun => "word";

    private protected override string LineForm => "one word without white space, each once";

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (WordSource)base.Walk(walk) with
    {
        MinCount = walk.OptionalCount("minCount", MinCount, "words that the data have fewer times are `<unk>`", "none"),
        MaxWords = walk.OptionalCount(
            "maxWords", MaxWords, "words that are kept, the most frequent ones; all others are `<unk>`; that and `<eos>` do not count",
            "none"),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        ArgumentNullException.ThrowIfNull(spec);
        if (Vocabulary is null)
        {
            if (spec.Extends is { Follow: true } && (MinCount ?? MaxWords) is { } limit)
            {
                findings.Report(
                    MinCount is null ? "data.maxWords" : "data.minCount", $"{limit} with extends.follow",
                    "a vocabulary of its own, because which words are frequent depends on what is still to come",
                    "train a run with data.vocabulary, a file that lists the words and <unk>, and follow the file with it");
            }

            return;
        }

        if (MinCount is not null)
            findings.Report("data.minCount", "minCount together with vocabulary", "one of the two", "remove one of the two");
        if (MaxWords is not null)
            findings.Report("data.maxWords", "maxWords together with vocabulary", "one of the two", "remove one of the two");
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Encode(ReadOnlySpan<byte> text, IReadOnlyList<string> tokens)
    {
        var numbers = new TokenNumbers(tokens, Noun);
        var found = new List<long>();
        string[] lines = TokenNumbers.Utf8(text).ReplaceLineEndings("\n").Split('\n');
        foreach (var (index, line) in lines.Index())
        {
            if (index > 0)
                found.Add(numbers.Of(TokenWriter.EndOfLine));
            found.AddRange(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(numbers.Of));
        }

        return found;
    }

    /// <inheritdoc/>
    /// <remarks>Words are parted by a blank, and <c>&lt;eos&gt;</c> ends a line.</remarks>
    public ReadOnlyMemory<byte> Decode(long token, long? before, IReadOnlyList<string> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        string word = tokens[(int)token];
        bool isFirst = before is not { } last || tokens[(int)last] == TokenWriter.EndOfLine;
        return Encoding.UTF8.GetBytes(word == TokenWriter.EndOfLine ? "\n" : isFirst ? word : $" {word}");
    }

    internal override bool EndsWithALine => true;

    internal override string? TokenOf(string line) => line.Length == 0 || line.Any(TokenWriter.IsSpace) ? null : line;

    internal override long? Add(TokenWriter writer, string path, Utf8Runes runes) => writer.AddWords(path, runes);

    internal override void Check(Vocabulary vocabulary, ProblemList problems)
    {
        if (!vocabulary.Has(TokenWriter.EndOfLine))
        {
            problems.Add(
                DataKeys.VocabularyFile, $"no line {TokenWriter.EndOfLine} in {Vocabulary}",
                "the token at the end of each line of the texts", "add the line");
        }
    }

    internal override (Vocabulary Vocabulary, int[]? Map) Finish(Vocabulary vocabulary) =>
        MinCount is null && MaxWords is null ? (vocabulary, null) : vocabulary.Limit(MinCount ?? 1, MaxWords, TokenWriter.EndOfLine);
}
