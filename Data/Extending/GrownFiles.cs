using System.Globalization;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Extending;

/// <summary>Whether files are those of another run, the parent, with more behind them.</summary>
internal static class GrownFiles
{
    private const int BlockBytes = 1 << 16;
    private const string Remedy = "append to the data that the parent was trained on, or train a new run";

    /// <summary>How files are not the beginning of others; null where they are.</summary>
    /// <param name="before">The parent's files, in order.</param>
    /// <param name="now">Those that are read now.</param>
    /// <param name="endsWithALine">Whether the parent's last line must have an end to stay as it was.</param>
    /// <param name="roots">Where the parent's files may be read, to say where they differ.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SpecProblem? Find(
        IReadOnlyList<DataFile> before, IReadOnlyList<OpenedFile> now, bool endsWithALine, DataRoots roots)
    {
        if (now.Count < before.Count)
        {
            return Problem($"{Wording.Count(now.Count, "file")} of data",
                $"the {before.Count} of the parent first, of which '{before[now.Count].Path}' is missing");
        }

        for (int i = 0; i < before.Count; i++)
        {
            (DataFile then, OpenedFile file, bool mayGrow) = (before[i], now[i], i == before.Count - 1);
            long length = new FileInfo(file.Real).Length;
            if (length < then.Length || (length > then.Length && !mayGrow))
            {
                return Problem($"'{file.Path}' of {Wording.Count(length, "byte")}",
                    $"the parent's {Wording.Count(then.Length, "byte")}"
                    + (mayGrow ? ", and what is new behind them" : ", because of several files the last one alone may grow"));
            }

            (_, string sha256) = FileHash.Of(file.Real, then.Length);
            if (sha256 != then.Sha256)
            {
                return Problem(
                    $"'{file.Path}', whose first {Wording.Count(then.Length, "byte")} have SHA-256 {DataFingerprint.Short(sha256)}"
                    + FirstDifference(then, file, roots),
                    $"those of the parent, with SHA-256 {DataFingerprint.Short(then.Sha256)}, and what is new behind them");
            }

            if (endsWithALine && then.Length > 0 && length > then.Length && FindContinued(file, then.Length) is { } continued)
                return continued;
        }

        return null;
    }

    /// <summary>Where the files differ, if the parent's still begins as it was.</summary>
    private static string FirstDifference(DataFile then, OpenedFile file, DataRoots roots)
    {
        try
        {
            if (roots.Admit(DataKeys.Source, then.Path, new()) is not { } real || !File.Exists(real)
                || FileHash.Of(real, then.Length) != (then.Length, then.Sha256))
                return "";
            using FileStream former = Open(real), latter = Open(file.Real);
            var (one, other) = (new byte[BlockBytes], new byte[BlockBytes]);
            for (long at = 0, line = 1; ;)
            {
                int count = (int)Math.Min(then.Length - at, former.ReadAtLeast(one, BlockBytes, throwOnEndOfStream: false));
                latter.ReadAtLeast(other, BlockBytes, throwOnEndOfStream: false);
                if (count == 0)
                    return "";
                int same = one.AsSpan(0, count).CommonPrefixLength(other);
                line += one.AsSpan(0, same).Count((byte)'\n');
                if (same < count)
                    return string.Create(CultureInfo.InvariantCulture, $" and differ from byte {at + same + 1:N0}, in line {line:N0}, on");
                at += count;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>That a line which the parent read without its end has become longer.</summary>
    private static SpecProblem? FindContinued(OpenedFile file, long length)
    {
        using FileStream stream = Open(file.Real);
        Span<byte> head = stackalloc byte[4];
        head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        if (FileContent.PackingOf(head) != Packing.None)
        {
            return Problem($"'{file.Path}', which is compressed", "a file as it is, to which lines are appended",
                "decompress it, and train a run on it to be extended");
        }

        // The bytes around the border; in UTF-16 the end of a line has a zero byte, too.
        stream.Position = Math.Max(0, length - 2);
        Span<byte> border = (stackalloc byte[3])[..(int)(length + 1 - stream.Position)];
        stream.ReadExactly(border);
        Span<byte> last = border[..^1];
        bool ended = IsEnd(last[^1]) || (last.Contains((byte)0) && (IsEnd(last[0]) || IsEnd(last[^1])));
        return ended || IsEnd(border[^1]) ? null
            : Problem($"'{file.Path}', in which the parent's last line, which had no end, is longer than it was",
                "an end of line behind the parent's data", "train a new run: the parent was trained on the line as it was");
    }

    private static bool IsEnd(byte one) => one is (byte)'\n' or (byte)'\r';

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);

    private static SpecProblem Problem(string found, string expected, string remedy = Remedy) =>
        new(DataKeys.Source, found, expected, remedy);
}
