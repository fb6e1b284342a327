using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>A CSV file: text with a separator between the cells of a row; plain, or compressed by gzip or Zstandard.</summary>
public sealed record CsvSource : TableSource
{
    private static readonly Word<char>[] Separators =
    [
        new("auto", '\0', "guessed from the first lines, and reported"),
        new("comma", ',', ","),
        new("semicolon", ';', ";"),
        new("tab", '\t', "a tab"),
        new("pipe", '|', "a vertical bar"),
        new("blanks", ' ', "any number of spaces and tabs"),
    ];

    private static readonly Word<char>[] Decimals =
    [
        new("auto", '\0', "a comma where the first lines have numbers with commas, none with points, and another separator"),
        new("point", '.', "1234.5"),
        new("comma", ',', "1234,5"),
    ];

    private static readonly Word<char>[] Groups =
    [
        new("none", '\0', "1234567"),
        new("comma", ',', "1,234,567"),
        new("point", '.', "1.234.567"),
        new("blank", ' ', "1 234 567"),
        new("apostrophe", '\'', "1'234'567"),
    ];

    /// <summary>What stands for a missing value where the spec does not say; an empty cell always does.</summary>
    public static IReadOnlyList<string> UsualMissing { get; } = ["NA", "N/A", "NaN", "nan", "null", "NULL"];

    /// <summary>Between the cells of a row: one of <c>, ; tab | space</c>, the last for any number of blanks; NUL when guessed.</summary>
    public char Separator { get; init; }

    /// <summary>In front of the decimals of a number: a point or a comma; NUL when guessed.</summary>
    public char DecimalMark { get; init; }

    /// <summary>Between groups of three digits; NUL, the default, for none.</summary>
    public char Thousands { get; init; }

    /// <summary>
    /// Cells that stand for a missing value, besides the empty one; a number also in other digits. <see cref="UsualMissing"/> when left
    /// out.
    /// </summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>The character that lines begin with which are passed over; null, the default, for none.</summary>
    public string? Comment { get; init; }

    /// <summary>Lines above the header that are passed over. Default 0.</summary>
    public int SkipRows { get; init; }

    /// <summary>Rows of names below each other, which are joined by a space; 0 names the columns c1, c2, …. Default 1.</summary>
    public int HeaderRows { get; init; } = 1;

    /// <summary>The encoding of the text; empty, the default, to go by the byte order mark: UTF-8 without one.</summary>
    public string Encoding { get; init; } = "";

    /// <inheritdoc/>
    public override string Word => "csv";

    /// <inheritdoc/>
    public override string About => "a file with a header and one row a time step, as one long stream";

    /// <inheritdoc/>
    public override bool GrowsByAppending => true;

    /// <inheritdoc/>
    public override bool CanBeFollowed => true;

    /// <inheritdoc/>
    protected override string FileNoun => "a CSV file";

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => (CsvSource)base.Walk(walk) with
    {
        Separator = walk.Word("separator", Separator, "between the cells of a row", Separators, isWritten: Separator != '\0'),
        DecimalMark = walk.Word("decimal", DecimalMark, "in front of decimals", Decimals, isWritten: DecimalMark != '\0'),
        Thousands = walk.Word("thousands", Thousands, "between groups of three digits", Groups, isWritten: Thousands != '\0'),
        Missing = walk.Texts(
            "missing", Missing, "what stands for a missing value, besides an empty cell", "text", string.Join(", ", UsualMissing)),
        Comment = walk.OptionalText("comment", Comment, "the character that remarks begin with", "one character", "none"),
        SkipRows = walk.Count("skipRows", SkipRows, "lines above the header", min: 0, max: 1_000_000, isWritten: SkipRows != 0),
        HeaderRows = walk.Count(
            "headerRows", HeaderRows, "rows of names below each other, joined by a space; with 0 the columns are c1, c2, …", min: 0,
            max: 10, isWritten: HeaderRows != 1),
        Encoding = walk.Word("encoding", Encoding, "of the text", CsvEncodings.Words, isWritten: Encoding.Length > 0),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        base.Check(spec, findings);
        if (Comment is { } comment && (comment.Length != 1 || comment[0] is not (> ' ' and < (char)127) || comment[0] == '"'))
            findings.Report("data.comment", $"'{comment}'", "one character of ASCII, such as #", "correct it");
        if (DecimalMark != '\0' && DecimalMark == Thousands)
            findings.Report("data.thousands", "the same character as data.decimal", "another one", "change one of the two");
    }

    /// <summary>Equal in every member, lists item by item.</summary>
    public bool Equals(CsvSource? other) =>
        base.Equals(other) && Separator == other!.Separator && DecimalMark == other.DecimalMark && Thousands == other.Thousands
        && Missing.SequenceEqual(other.Missing) && Comment == other.Comment && SkipRows == other.SkipRows && HeaderRows == other.HeaderRows
        && Encoding == other.Encoding;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(
        base.GetHashCode(), Separator, DecimalMark, string.Join('\0', Missing), Comment, SkipRows, HeaderRows, Encoding);

    /// <summary>Lines between the header and the rows that were read before, which count in messages. Default 0.</summary>
    internal long LinesPassed { get; init; }

    /// <summary>How the rows are written, as those before them showed; null, the default, where their first lines show it.</summary>
    internal CsvDialect? ReadAs { get; init; }

    /// <inheritdoc/>
    internal override TableReader OpenTable(string path) => new CsvTableReader(this, () => CsvText.OpenFile(path));

    internal override TableReader OpenTable(string path, FilePart part, TableReader? before)
    {
        if (before is not CsvTableReader { Dialect: var dialect })
            return new CsvTableReader(this, () => new PartStream(path, part));
        (byte[] head, long lines) = CsvRecords.HeadOf(path, this);
        CsvSource known = this with { ReadAs = dialect, LinesPassed = part.LinesBefore - lines };
        return new CsvTableReader(known, () => new HeadedStream(head, new PartStream(path, part)));
    }

    internal override RowCut? RowCut => new(
        RowUnit.Line, HasQuotes: true, Comment?[0] ?? '\0', FileContent.IsPacked, SkipRows, CsvRowReader.LargestRecord)
        {
            HoldsEmptyLines = true,
        };

    /// <summary>Opens rows in memory, a part of what arrives, for a trained model to forecast from.</summary>
    /// <param name="text">The header and the rows.</param>
    /// <param name="spec">The spec of the model's training.</param>
    /// <param name="trained">What was trained on.</param>
    /// <param name="before">Where the series ended, by their names.</param>
    /// <param name="seen">Receives how they are written.</param>
    /// <exception cref="SpecException">They cannot be forecast from; carries every mistake found.</exception>
    internal IForecastData OpenForecast(
        byte[] text, RunSpec spec, SourceDescription trained, IReadOnlyDictionary<string, SeriesEnd> before,
        Action<CsvDialect> seen) =>
        Open(() => new CsvTableReader(this, () => new MemoryStream(text, writable: false)), (reader, problems) =>
        {
            seen(((CsvTableReader)reader).Dialect);
            return TableForecast.Open(this, spec, trained, reader, new(before), problems);
        });
}
