using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Text;

/// <summary>Numbers the tokens of texts.</summary>
internal abstract class TextEncoding
{
    /// <summary>The tokens by their numbers.</summary>
    public abstract Vocabulary Vocabulary { get; }

    /// <summary>Numbers the tokens of one text.</summary>
    /// <returns>Where a token begins that is too long; null where there is none.</returns>
    public abstract long? Add(TokenWriter writer, string path, Utf8Runes runes);

    /// <summary>Ends what is trained on: the new numbers of the tokens, or null for the same.</summary>
    public virtual int[]? Finish() => null;
}

/// <summary>Texts in UTF-8 as one long stream of tokens; the target of each token is the next one.</summary>
public abstract record TextStreamSource : GlobSource
{
    private const int Horizon = 1;

    /// <inheritdoc/>
    public override string? BitsPer => $"bits per {Noun}";

    /// <summary>The noun for a token in messages.</summary>
    private protected abstract string Noun { get; }

    /// <summary>Where the vocabulary comes from, for remarks.</summary>
    private protected abstract string Origin { get; }

    /// <summary>What numbers the tokens; null, with problems, where a file that it needs has mistakes.</summary>
    internal abstract TextEncoding? TryBegin(InputFiles opened, ProblemList problems);

    /// <summary>What numbers the tokens as another text's were; null where nothing but the source itself does.</summary>
    internal virtual TextEncoding? BeginWith(IReadOnlyList<string> tokens) => null;

    internal override IDataSource OpenAs(RunSpec spec, InputFiles opened, SourceDescription read) =>
        Open(spec, opened, null, read.Tokens.Count > 0 ? BeginWith(read.Tokens) : null);

    /// <summary>What else is to be said of what was read.</summary>
    internal virtual IEnumerable<string> Remarks(TextEncoding encoding) => [];

    internal override IDataSource Open(RunSpec spec, InputFiles opened) => Open(spec, opened, null);

    /// <inheritdoc/>
    /// <remarks>
    /// What is held out has the vocabulary of what is trained on. Where that is open, its further tokens follow in order of first
    /// appearance.
    /// </remarks>
    internal override IDataSource OpenHeldOut(RunSpec spec, InputFiles opened, IDataSource training) =>
        Open(spec, opened, ((TextData)training).Encoding);

    private TextData Open(RunSpec spec, InputFiles opened, TextEncoding? known, TextEncoding? given = null)
    {
        var problems = new ProblemList();
        var hidden = new HiddenEntries(Glob);
        FileInfo[] files = Find(opened, hidden, problems);
        TextEncoding? encoding = known ?? given ?? TryBegin(opened, problems);
        problems.ThrowIfAny();

        TokenFile? tokens = null;
        try
        {
            TokenFile written = tokens = new();
            Read(files, encoding!, written, problems, opened.Followed?.Added);
            problems.ThrowIfAny();
            if (known is null && given is null)
                tokens.Map = encoding!.Finish();
            var shared = new SharedParts(written);
            return View(new());

            TextData View(ProblemList found) => Cut(
                spec.Data, files, written, encoding!, known is not null, given is null ? Origin : "of the model package",
                [.. Remarks(encoding!), .. Remarks(hidden)], found, shared, opened.Followed is null ? null : Grow);

            DataSource Grow(InputFiles grown)
            {
                var found = new ProblemList();
                try
                {
                    Read(files, encoding!, written, found, grown.Followed!.Added);
                }
                catch (TemporaryFileException error)
                {
                    throw new SpecException(NoRoom(files, error));
                }

                found.ThrowIfAny();
                return View(found);
            }
        }
        catch (Exception error)
        {
            tokens?.Dispose();
            if (error is not TemporaryFileException)
                throw;
            problems.AddRange([NoRoom(files, error)]);
            throw new SpecException(problems.ToList());
        }
    }

    private SpecProblem NoRoom(FileInfo[] files, Exception error) => new(
        DataKeys.Source, $"no room for the tokens of {NameOf(files)} ({error.Message})", "a directory for temporary files with "
        + "room for 4 bytes a token", "free some, or set TMPDIR to another directory");

    private void Read(FileInfo[] files, TextEncoding encoding, TokenFile tokens, ProblemList problems, FilePart? part)
    {
        var writer = new TokenWriter(encoding.Vocabulary, tokens, Noun, problems);
        foreach (FileInfo file in files)
        {
            string path = file.FullName;
            try
            {
                if (part is null && IsPacked(file))
                {
                    Report(path, $"{path}, which is compressed", "a text in UTF-8", "decompress it");
                    continue;
                }

                using Stream stream = part is { } followed ? new PartStream(path, followed) : file.OpenRead();
                if (encoding.Add(writer, path, new(stream, part ?? default)) is { } offset)
                {
                    Report(path, $"a {Noun} of more than {TokenWriter.LongestWord} characters at byte {offset} of {path}",
                        "a text with white space", "exclude the file, or read it by characters:GLOB");
                }
            }
            catch (IllFormedTextException error)
            {
                Report(path, $"ill-formed UTF-8 at byte {error.Offset} of {path}", "a text in UTF-8",
                    "convert it to UTF-8, exclude it, or read it by bytes:GLOB");
            }
            catch (VocabularyFullException)
            {
                problems.Add(
                    DataKeys.Source, $"too many different {Noun}s up to {path}",
                    FormattableString.Invariant($"at most {Text.Vocabulary.Most:N0}, of {Text.Vocabulary.MostUnits:N0} characters in all"),
                    $"list those to keep, and {Text.Vocabulary.Unknown}, in a file and name it in data.vocabulary, or leave files out by "
                    + "exclude");
                return;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                problems.AddRange([InputFile.Unreadable(DataKeys.Source, path, error)]);
            }
        }

        tokens.Flush();

        void Report(string path, string found, string expected, string remedy) =>
            problems.AddInFile(Path.GetDirectoryName(path) ?? "", () => new(DataKeys.Source, found, expected, remedy));
    }

    private TextData Cut(
        DataSpec data, FileInfo[] files, TokenFile tokens, TextEncoding encoding, bool isHeldOut, string origin,
        IEnumerable<string> remarks, ProblemList problems, SharedParts shared, Func<InputFiles, DataSource>? grow)
    {
        Vocabulary vocabulary = encoding.Vocabulary;
        StreamCut? cut = isHeldOut ? StreamCut.TryHoldOut(tokens.Length, Noun, NameOf(files), data.BatchSize, Horizon, problems)
            : StreamCut.TryCut(tokens.Length, Noun, NameOf(files), data, Horizon, problems);
        if (cut is null)
            throw new SpecException(problems.ToList());
        var shape = new DataShape(0, vocabulary.Count, 0, vocabulary.Count);
        var read = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"{tokens.Length:N0} {Noun}s in {files.Length:N0} file")
            .Append(files.Length == 1 ? "" : "s")
            .Append(CultureInfo.InvariantCulture, $"; a vocabulary of {vocabulary.Count:N0}, ")
            .Append(origin);
        if (vocabulary.UnknownCount > 0)
        {
            double share = vocabulary.UnknownCount / (double)Math.Max(1, tokens.Length);
            read.Append(CultureInfo.InvariantCulture, $"; {share:P1} of the {Noun}s are {Text.Vocabulary.Unknown}");
        }

        TextSet? held = cut.Validation is { } rows ? new(shape, rows, tokens) : null;
        return new(shape, new(shape, cut.Training, tokens), held, shared.Share())
        {
            Grow = grow,
            Encoding = encoding,
            Test = cut.Test is { } tested ? new TextSet(shape, tested, tokens) : null,
            Description = cut.Describe(Noun) with { Tokens = vocabulary.Listed, Remarks = [read.ToString(), .. remarks] },
        };
    }
}

/// <summary>An opened text, with what numbers its tokens.</summary>
internal sealed class TextData(DataShape shape, TextSet training, TextSet? validation, IDisposable tokens)
    : DataSource(shape, training, validation, owned: tokens)
{
    /// <summary>What numbers its tokens.</summary>
    public required TextEncoding Encoding { get; init; }

    /// <summary>Its vocabulary.</summary>
    public Vocabulary Vocabulary => Encoding.Vocabulary;
}

/// <summary>Rows of a stream of tokens.</summary>
internal sealed class TextSet(DataShape shape, StreamRows rows, TokenFile tokens) : StreamSet(shape, rows)
{
    protected override void FillTokens(SequenceSlice slice, Span<long> destination) => tokens.Read(Position(slice), destination);

    protected override void FillClasses(SequenceSlice slice, Span<long> destination) => tokens.Read(Position(slice) + 1, destination);
}
