using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Text;

/// <summary>Texts whose tokens have the numbers of a vocabulary, which a file lists or which is built of the texts.</summary>
public abstract record TextSource : TextStreamSource
{
    /// <summary>
    /// The absolute path of a file with one token a line; the first has number 0. Null to number the tokens of the data in order of first
    /// appearance.
    /// </summary>
    public string? Vocabulary { get; init; }

    /// <summary>What a line of the vocabulary's file should be.</summary>
    private protected abstract string LineForm { get; }

    private protected override string Origin => Vocabulary is null ? "in order of first appearance" : $"of {Vocabulary}";

    /// <inheritdoc/>
    public override IEnumerable<SourcePath> Reads =>
        Vocabulary is null ? base.Reads : base.Reads.Append(new SourcePath(DataKeys.VocabularyFile, Vocabulary, IsGlob: false));

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (TextSource)base.Walk(walk) with
    {
        Vocabulary = walk.OptionalFile(
            "vocabulary", Vocabulary, "the tokens, one a line, in place of those of the data in order of first appearance; another token "
            + "is `<unk>` where the file has that line, and refused otherwise", "a vocabulary"),
    };

    /// <summary>The token that a line of the vocabulary's file stands for; null for one that is none.</summary>
    internal abstract string? TokenOf(string line);

    /// <summary>Numbers the tokens of one text.</summary>
    /// <returns>Where a token begins that is too long; null where there is none.</returns>
    internal abstract long? Add(TokenWriter writer, string path, Utf8Runes runes);

    /// <summary>Checks a vocabulary that a file lists.</summary>
    internal virtual void Check(Vocabulary vocabulary, ProblemList problems)
    {
    }

    /// <summary>The vocabulary of what was read, and the new numbers of its tokens; null for the same.</summary>
    internal virtual (Vocabulary Vocabulary, int[]? Map) Finish(Vocabulary vocabulary) => (vocabulary, null);

    internal override TextEncoding? TryBegin(InputFiles opened, ProblemList problems) =>
        Vocabulary is null ? new VocabularyEncoding(this, new())
        : ReadVocabulary(Vocabulary, opened, problems) is { } vocabulary ? new VocabularyEncoding(this, vocabulary)
        : null;

    internal override TextEncoding? BeginWith(IReadOnlyList<string> tokens)
    {
        if (Vocabulary is not null)
            return null;
        var vocabulary = new Vocabulary();
        foreach (string token in tokens)
            vocabulary.Add(token);
        return new VocabularyEncoding(this, vocabulary.Close());
    }

    private Vocabulary? ReadVocabulary(string path, InputFiles opened, ProblemList problems)
    {
        var own = new ProblemList();
        if (opened.Admit(DataKeys.VocabularyFile, path, own) is { } real
            && VocabularyFile.TryRead(path, real, TokenOf, LineForm, own) is { } read)
        {
            Check(read, own);
            if (own.IsEmpty)
                return read;
        }

        problems.AddRange(own.ToList());
        return null;
    }

    /// <summary>Numbers tokens by a vocabulary.</summary>
    private sealed class VocabularyEncoding(TextSource source, Vocabulary vocabulary) : TextEncoding
    {
        private Vocabulary _vocabulary = vocabulary;

        public override Vocabulary Vocabulary => _vocabulary;

        public override long? Add(TokenWriter writer, string path, Utf8Runes runes) => source.Add(writer, path, runes);

        public override int[]? Finish()
        {
            (_vocabulary, int[]? map) = source.Finish(_vocabulary);
            return map;
        }
    }
}
