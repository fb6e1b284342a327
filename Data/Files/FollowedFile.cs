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
    private readonly ReadPrefix _read;
    private readonly FileStamp _stamp;
    private RowCounter _counter;
    private long _length;

    private FollowedFile(string path, RowCut cut, ReadPrefix read, FileStamp stamp, FilePart added)
    {
        (_path, _cut, _read, _stamp, Added) = (path, cut, read, stamp, added);
        Content = new(path, read.Length, read.Sha256);
        (_length, _counter) = (End, new(Behind(cut, End)));
    }

    /// <summary>What is read, up to the end of a row.</summary>
    public DataFile Content { get; }

    /// <summary>Bytes that are read.</summary>
    public long End => Content.Length;

    /// <summary>What was read in this reading: behind what was read before, where it grew; all of it otherwise.</summary>
    public FilePart Added { get; }

    /// <summary>Opens a file; null, with a problem, where its rows cannot be followed.</summary>
    /// <param name="path">Its path in the spec, for messages.</param>
    /// <param name="real">The path that is opened.</param>
    /// <param name="cut">Its rows.</param>
    /// <param name="end">How far it is read; null up to the end of the last whole row.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FollowedFile? TryOpen(string path, string real, RowCut cut, long? end, ProblemList problems)
    {
        FileStamp stamp = FileStamp.Of(real, out _);
        using SafeFileHandle file = Open(real);
        byte[] head = new byte[4];
        Array.Resize(ref head, RandomAccess.Read(file, head, 0));
        if (cut.Unit != RowUnit.Byte && (cut.IsPacked?.Invoke(head) == true || IsWide(head)))
        {
            problems.Add(DataKeys.Source, $"'{path}', which is compressed or in UTF-16", "text of which each line end is one byte, to "
                + "which lines are appended", "write the rows as they are, in UTF-8");
            return null;
        }

        if (end is not null && RandomAccess.GetLength(file) is var length && length < end)
        {
            problems.Add(DataKeys.Source, $"'{path}' of {Wording.Count(length, "byte")}", $"{end} or more, which the coordinator's silo "
                + "has read", "see that all silos have the same files, or resume the run when the file is whole again");
            return null;
        }

        var read = new ReadPrefix();
        read.Read(file, end ?? EndOfRows(file, cut, 0));
        return new(path, cut, read, stamp, new(0, read.Length));
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

    /// <summary>
    /// The same file with what has come behind what is read. Of what was read before, a part is compared; all of it was when it was read.
    /// </summary>
    /// <param name="end">How far it is read; null up to the end of the last whole row.</param>
    /// <returns>
    /// Null where it has to be read from its beginning, which says what is wrong with it, if anything is: it was replaced or rewritten, it
    /// is shorter than it should be, or another reader has gone further.
    /// </returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public FollowedFile? TryGrow(long? end)
    {
        lock (_read.Gate)
        {
            FileStamp stamp = FileStamp.Of(_path, out FileKind kind);
            if (_read.Length != End || kind != FileKind.Regular || !IsSameFile(stamp) || stamp.Length < (end ?? End))
                return null;
            using SafeFileHandle file = Open(_path);
            long until = end ?? EndOfRows(file, _cut, End);
            if (until < End || _read.IsRewritten(file, End, Math.Max(ReadPrefix.BlockBytes, until - End)))
                return null;
            var added = new FilePart(End, until, _read.Lines);
            _read.Read(file, until);
            return _read.Length == until ? new(_path, _cut, _read, stamp, added) : null;
        }
    }

    /// <summary>Whether what was added last is other bytes now: a program rewrote it while it was read.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public bool HasChangedWhileRead()
    {
        lock (_read.Gate)
        {
            using SafeFileHandle file = Open(_path);
            return _read.Length == End && _read.IsRewritten(file, Added.From, 0);
        }
    }

    /// <summary>
    /// Whether the file is the same one, with as many bytes at least, and the last of those that were read are as they were; a part of the
    /// others is compared, too.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public bool SeemsUnchanged(FileStamp stamp)
    {
        lock (_read.Gate)
        {
            if (!IsSameFile(stamp) || stamp.Length < End)
                return false;
            using SafeFileHandle file = Open(_path);
            return !_read.IsRewritten(file, End, ReadPrefix.BlockBytes);
        }
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
            _counter = new(Behind(_cut, End));
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
        var lines = new RowCounter(new(RowUnit.Line));
        Count(file, lines, most: bytes);
        return FormattableString.Invariant($", the beginning of line {lines.Rows + 1}");
    }

    /// <summary>How the rows behind a byte are cut: lines that are passed over stand at the beginning alone.</summary>
    private static RowCut Behind(RowCut cut, long from) => from == 0 ? cut : cut with { Passed = 0 };

    private static long EndOfRows(SafeFileHandle file, RowCut cut, long from)
    {
        var counter = new RowCounter(Behind(cut, from));
        Count(file, counter, from);
        return from + counter.End;
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

    private bool IsSameFile(FileStamp stamp) => (stamp.Inode, stamp.Device) == (_stamp.Inode, _stamp.Device);
}

/// <summary>What has come behind what a run has read of a file that it follows.</summary>
/// <param name="Rows">Whole rows, or as many lines as they have at most.</param>
/// <param name="HasGrown">Whether anything has come since the last look.</param>
/// <param name="Problem">Why the run cannot continue, in words; null where it can.</param>
public readonly record struct FollowedLook(long Rows, bool HasGrown, string? Problem);
