using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>
/// A file to which rows are appended while a run trains on it: read up to the end of a row, with what comes behind that counted. What was
/// read once must stay as it is.
/// </summary>
internal sealed class FollowedFile
{
    private const int BlockBytes = 1 << 16;
    private const string Remedy = "put the file back as it was, with new rows behind, and resume the run; where rows go to another file "
        + "from now on, extend the run's last model on that one";

    private readonly string _path;
    private readonly RowCut _cut;
    private RowCounter _counter;
    private long _length;

    private FollowedFile(DataFile content, RowCut cut) =>
        (_path, _cut, _counter, _length, Content) = (content.Path, cut, new(cut), content.Length, content);

    /// <summary>What is read, up to the end of a row.</summary>
    public DataFile Content { get; }

    /// <summary>Bytes that are read.</summary>
    public long End => Content.Length;

    /// <summary>Opens a file; null, with a problem, where its rows cannot be followed.</summary>
    /// <param name="path">Its path in the spec, for messages.</param>
    /// <param name="real">The path that is opened.</param>
    /// <param name="cut">Its rows.</param>
    /// <param name="end">How far it is read; null up to the end of the last whole row.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FollowedFile? TryOpen(string path, string real, RowCut cut, long? end, ProblemList problems)
    {
        using SafeFileHandle file = Open(real);
        byte[] head = new byte[4];
        Array.Resize(ref head, RandomAccess.Read(file, head, 0));
        if (cut.HasLines && (cut.IsPacked?.Invoke(head) == true || IsWide(head)))
        {
            problems.Add(DataKeys.Source, $"'{path}', which is compressed or in UTF-16", "text of which each line end is one byte, to "
                + "which lines are appended", "write the rows as they are, in UTF-8");
            return null;
        }

        var counter = new RowCounter(cut);
        if (end is null)
            Count(file, counter);
        else if (RandomAccess.GetLength(file) is var length && length < end)
        {
            problems.Add(DataKeys.Source, $"'{path}' of {Wording.Count(length, "byte")}", $"{end} or more, which the coordinator's silo "
                + "has read", "see that all silos have the same files, or resume the run when the file is whole again");
            return null;
        }

        (long bytes, string sha256) = FileHash.Of(real, end ?? counter.End);
        return new(new(path, bytes, sha256), cut);
    }

    /// <summary>How a file no longer begins with what was read of it before, in words; null where it does.</summary>
    /// <param name="before">What was read.</param>
    /// <param name="now">The file; its length is what is read now.</param>
    /// <param name="real">The path that is opened.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string? FindRewritten(DataFile before, DataFile now, string real)
    {
        if (now.Length < before.Length)
            return Shortened(now.Path, now.Length, before.Length);
        (_, string sha256) = FileHash.Of(real, before.Length);
        return sha256 == before.Sha256 ? null
            : $"data file '{now.Path}': found its first {Wording.Count(before.Length, "byte")} with SHA-256 "
                + $"{DataFingerprint.Short(sha256)}, expected {DataFingerprint.Short(before.Sha256)}, as the run has read them: bytes "
                + $"before byte {before.Length + 1}{LineAt(real, before.Length)} were rewritten; {Remedy}";
    }

    /// <summary>Counts what has come behind what is read.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public FollowedLook Look()
    {
        if (FileStamp.Of(_path, out FileKind kind) is var stamp && kind != FileKind.Regular)
            return new(0, false, $"data file '{_path}': found nothing, expected the file that the run reads; {Remedy}");
        if (stamp.Length < End)
            return new(0, false, Shortened(_path, stamp.Length, End));
        bool hasGrown = stamp.Length != _length;
        _length = stamp.Length;
        if (stamp.Length < End + _counter.Taken)
            _counter = new(_cut);
        if (hasGrown)
        {
            using SafeFileHandle file = Open(_path);
            Count(file, _counter, from: End);
        }

        // A quote that does not end: no line behind it would ever be a row.
        if (_counter.Taken - _counter.End > _cut.MostBytes)
        {
            return new(0, hasGrown, $"data file '{_path}': found no end of the row that begins at byte {End + _counter.End + 1} within "
                + $"{_cut.MostBytes >> 20} MiB, expected one; end the quote in it, and resume the run");
        }

        return new(_counter.Rows, hasGrown, null);
    }

    private static string Shortened(string path, long length, long before) =>
        $"data file '{path}': found {Wording.Count(length, "byte")}, expected at least {before}, which the run has read: the file was cut "
        + $"or replaced; {Remedy}";

    private static string LineAt(string real, long bytes)
    {
        using SafeFileHandle file = Open(real);
        var lines = new RowCounter(new(HasLines: true));
        Count(file, lines, most: bytes);
        return FormattableString.Invariant($", the beginning of line {lines.Rows + 1}");
    }

    private static void Count(SafeFileHandle file, RowCounter counter, long from = 0, long most = long.MaxValue)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (int read; (read = RandomAccess.Read(
                file, block.AsSpan(0, (int)Math.Min(block.Length, most - counter.Taken)), from + counter.Taken)) > 0;)
                counter.Take(block.AsSpan(0, read));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    // UTF-16 and UTF-32 with a byte order mark, or with a letter of ASCII first.
    private static bool IsWide(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || head.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]) || head.Contains((byte)0);

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
}

/// <summary>What has come behind what a run has read of a file that it follows.</summary>
/// <param name="Rows">Whole rows, or as many lines as they have at most.</param>
/// <param name="HasGrown">Whether anything has come since the last look.</param>
/// <param name="Problem">Why the run cannot continue, in words; null where it can.</param>
public readonly record struct FollowedLook(long Rows, bool HasGrown, string? Problem);
