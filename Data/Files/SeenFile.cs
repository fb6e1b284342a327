using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>A file of a run's data: as it was when it was opened, and whether it still is.</summary>
/// <param name="key">The spec's key that names it.</param>
/// <param name="path">Its path as the spec names it.</param>
/// <param name="real">The path that is opened.</param>
/// <param name="stamp">Its stamp, taken before anything of it was read.</param>
internal sealed class SeenFile(string key, string path, string real, FileStamp stamp)
{
    private FileStamp _stamp = stamp;
    private DataFile? _content;

    /// <summary>What was in it. Only after <see cref="TryHash"/>.</summary>
    public DataFile Content => _content ?? throw new InvalidOperationException($"'{path}' has not been hashed");

    /// <summary>Reads the file through; what keeps that from being the content that was opened becomes a problem.</summary>
    public void TryHash(ProblemList problems)
    {
        try
        {
            (long length, string sha256) = FileHash.Of(real);
            if (FileStamp.Of(real, out _) != _stamp)
            {
                problems.AddInFile(key, () => new(
                    key, $"'{path}', which changed while it was read", "files that stay as they are while they are trained on",
                    "start again when they are written"));
            }

            _content = new(path, length, sha256);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddInFile(key, () => InputFile.Unreadable(key, path, error));
        }
    }

    /// <summary>
    /// What is no longer as it was, in words; null when nothing is. Only a file whose stamp changed is read, and one that was merely
    /// touched is remembered with its new stamp.
    /// </summary>
    public string? FindChange(DataRoots roots)
    {
        DataFile then = Content;
        try
        {
            FileStamp now = FileStamp.Of(path, out FileKind kind);
            if (now == _stamp)
                return null;
            if (kind != FileKind.Regular)
                return Say(kind == FileKind.None ? "is gone" : "is no file any more");

            // The path may lead elsewhere by now.
            var problems = new ProblemList();
            if (roots.Admit(key, path, problems) is not { } leadsTo)
                return Say($"leads out of the data roots ({problems.ToList()[0]})");
            if (now.Length != then.Length)
                return Say($"has {now.Length} bytes, it had {then.Length}");
            (long length, string sha256) = FileHash.Of(leadsTo);
            if (length != then.Length || sha256 != then.Sha256)
            {
                return Say(
                    $"has other content: {length} bytes with SHA-256 {DataFingerprint.Short(sha256)}, "
                    + $"they were {then.Length} with {DataFingerprint.Short(then.Sha256)}");
            }

            if (FileStamp.Of(path, out _) == now)
                _stamp = now;
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Say($"cannot be read any more ({error.Message})");
        }
    }

    private string Say(string what) =>
        $"data file '{path}' {what}; the data changed since the run began: put the file back as it was and resume the run, or start a new run";
}
