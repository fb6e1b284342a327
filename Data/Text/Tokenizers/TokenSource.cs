using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>Texts as one long stream of the tokens of a Hugging Face <c>tokenizer.json</c>, with its numbers.</summary>
public sealed record TokenSource : TextStreamSource, ITokenText
{
    /// <summary>The absolute path of the <c>tokenizer.json</c>; required.</summary>
    public string? Tokenizer { get; init; }

    /// <inheritdoc/>
    public override string Word => "tokens";

    /// <inheritdoc/>
    public override string About =>
        "the tokens of all files of a glob in order of their paths, texts in UTF-8, by a Hugging Face tokenizer, as one long stream; the "
        + "target is the next token";

    /// <inheritdoc/>
    public override IEnumerable<SourcePath> Reads =>
        Tokenizer is null ? base.Reads : base.Reads.Append(new SourcePath(DataKeys.Tokenizer, Tokenizer, IsGlob: false));

    private protected override string Noun => "token";

    private protected override string Origin => $"of {Tokenizer}";

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (TokenSource)base.Walk(walk) with
    {
        Tokenizer = walk.OptionalFile(
            "tokenizer", Tokenizer, "the `tokenizer.json` of the Hugging Face library; required", "a tokenizer.json"),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        if (Tokenizer is null)
        {
            findings.Report(
                DataKeys.Tokenizer, "nothing", "the tokenizer.json that makes tokens of the texts",
                "write tokenizer: FILE in data, or read bytes:GLOB, characters:GLOB or words:GLOB");
        }
    }

    /// <inheritdoc/>
    public ITokenText Open()
    {
        var problems = new ProblemList();
        return TryBegin(new(DataRoots.Anywhere), problems) is TokenizerEncoding encoding ? new TokenizerText(encoding)
            : throw new FormatException(problems.ToList() is [var first, ..] ? $"{first}" : $"cannot read {Tokenizer}");
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Encode(ReadOnlySpan<byte> text, IReadOnlyList<string> tokens) => Open().Encode(text, tokens);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Decode(long token, long? before, IReadOnlyList<string> tokens) => Open().Decode(token, before, tokens);

    internal override TextEncoding? TryBegin(InputFiles opened, ProblemList problems)
    {
        if (opened.Admit(DataKeys.Tokenizer, Tokenizer!, problems) is not { } real)
            return null;
        try
        {
            return TokenizerFile.Read(real);
        }
        catch (TokenizerException error)
        {
            problems.Add(DataKeys.Tokenizer, $"{error.Found} in {Tokenizer}", error.Expected, error.Remedy);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Tokenizer, Tokenizer!, error)]);
        }

        return null;
    }

    internal override IEnumerable<string> Remarks(TextEncoding encoding) => ((TokenizerEncoding)encoding).Remarks;
}
