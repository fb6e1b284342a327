using System.Globalization;
using System.Security.Cryptography;

namespace Orleans.Tbptt.Journals;

/// <summary>
/// The names in a journal's segments; docs/journal.md describes the format byte by byte. Event n is in segment (n − 1) / 65,536, so that no
/// list of segments is needed.
/// </summary>
internal static class SegmentFormat
{
    /// <summary>Events of a segment.</summary>
    public const int Events = 1 << 16;

    /// <summary>The column of <see cref="OtherEvent"/> and so on, one for each event.</summary>
    public const string Kinds = "kind";

    /// <summary>An event that is not a step: the next line of <see cref="Others"/>.</summary>
    public const byte OtherEvent = 0;

    /// <summary>A step: the next row of the columns. What it has besides is added to this.</summary>
    public const byte PlainStep = 1;

    /// <summary>
    /// A step that another version wrote in another form: the next row of the columns, and the next line of <see cref="Verbatim"/>.
    /// </summary>
    public const byte VerbatimStep = 2;

    /// <summary>Added where a step has a <c>differenceNorm</c>.</summary>
    public const byte WithDifference = 2;

    /// <summary>Added where a step has a <c>stateHash</c>.</summary>
    public const byte WithHash = 4;

    /// <summary>The blocks of <see cref="StepPart.BlockSteps"/> steps, field after field.</summary>
    public const string Blocks = "blocks";

    /// <summary>The lines of events that are not steps.</summary>
    public const string Others = "others";

    /// <summary>The lines of steps that the columns do not give back to the byte.</summary>
    public const string Verbatim = "verbatim";

    /// <summary>Ticks of a second; seconds that are such ticks are stored as integers.</summary>
    public const double Ticks = 1e7;

    /// <summary>Fields of a block besides the figures: first and last step, number, time, steps, clipped, learning rate.</summary>
    public const int BlockFields = 7;

    /// <summary>Fields of a figure in a block: minimum, maximum, sum, finite.</summary>
    public const int SpreadFields = 4;

    /// <summary>The columns of integers of a step.</summary>
    public static readonly string[] Integers = ["generation", "time", "step", "epoch"];

    /// <summary>
    /// The column of the hashes of the states after the steps, 0 where a step has none; missing where no step has one, and in segments of
    /// former releases.
    /// </summary>
    public const string Hashes = "stateHash";

    /// <summary>The columns of doubles of a step, in the order of <see cref="StepMetric"/>.</summary>
    public static readonly string[] Doubles = ["loss", "gradientNorm", "differenceNorm", "learningRate", "weight", "seconds"];

    /// <summary>What a segment begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "TBPTTSG1"u8;

    /// <summary>The directory of a journal's segments.</summary>
    public static string Directory(string journal) => Path.Combine(Path.GetDirectoryName(journal)!, "metrics"); // RunDirectory.Segments

    /// <summary>The file of a segment.</summary>
    public static string File(string journal, long segment) => Path.Combine(Directory(journal), $"{segment:D6}.seg");

    /// <summary>The file of what is known of all segments.</summary>
    public static string Index(string journal) => Path.Combine(Directory(journal), "index.jsonl");

    /// <summary>The segment of an event.</summary>
    public static long SegmentOf(long number) => (number - 1) / Events;

    /// <summary>The number of a segment's first event.</summary>
    public static long FirstOf(long segment) => segment * Events + 1;

    /// <summary>
    /// The number of the first event in the open end of a journal; all before are in segments. Where no line says it, because the file is
    /// empty, damaged or missing, the event after the last segment.
    /// </summary>
    public static long FirstInTail(string journal, FileStream? tail)
    {
        if (tail is not null && JournalLines.FirstNumber(tail) is { } first && first >= 1 && (first - 1) % Events == 0)
            return first;
        string directory = Directory(journal);
        if (!System.IO.Directory.Exists(directory))
            return 1;
        return FirstOf(System.IO.Directory.EnumerateFiles(directory, "*.seg")
            .Select(path => long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture,
                out long segment) ? segment + 1 : 0).DefaultIfEmpty().Max());
    }

    /// <summary>The SHA-256 of some bytes, as text.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
