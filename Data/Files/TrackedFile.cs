using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>A file of a run's data: its content when it was opened, and whether that has changed.</summary>
/// <param name="key">The spec's key that names it.</param>
/// <param name="path">Its path in the spec.</param>
/// <param name="real">The path that is opened.</param>
/// <param name="stamp">Its stamp, taken before it was read.</param>
/// <param name="followed">
/// What is read of it, where it is followed: what comes behind that is no change. Null where all of it is read.
/// </param>
internal sealed class TrackedFile(string key, string path, string real, FileStamp stamp, FollowedFile? followed = null)
{
    private FileStamp _stamp = stamp;
    private DataFile? _content;

    /// <summary>Which file it is.</summary>
    public OpenedFile Opened => new(key, path, real);

    /// <summary>Its content. Only after <see cref="TryHash"/>.</summary>
    public DataFile Content => _content ?? throw new InvalidOperationException($"'{path}' has not been hashed");

    /// <summary>The same file, with its content; of one that is followed, what is read now.</summary>
    /// <param name="grown">The file as it is read now; null for one that is not followed.</param>
    public TrackedFile With(FollowedFile? grown) =>
        new(key, path, real, _stamp, grown) { _content = _content is null ? null : grown?.Content ?? _content };

    /// <summary>Hashes the file; adds a problem when it cannot be read or has changed since it was opened.</summary>
    public void TryHash(ProblemList problems)
    {
        try
        {
            DataFile? read = followed?.Content;
            (long length, string sha256) = FileHash.Of(real, read?.Length ?? long.MaxValue);
            if (read is null ? FileStamp.Of(real, out _) != _stamp : (length, sha256) != (read.Length, read.Sha256))
            {
                problems.AddInFile(key, () => new(
                    key, $"'{path}', which changed while it was read", "files that do not change during training",
                    "start again when they are complete"));
            }

            _content = new(path, length, sha256);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddInFile(key, () => InputFile.Unreadable(key, path, error));
        }
    }

    /// <summary>
    /// The change since the file was hashed, as text; null when there is none. Only a file whose stamp changed is read; one that was merely
    /// touched is recorded with its new stamp.
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
                return Say(kind == FileKind.None ? "is gone" : "is no longer a file");

            // The path may have a different target by now.
            var problems = new ProblemList();
            if (roots.Admit(key, path, problems) is not { } leadsTo)
                return Say($"leads out of the data roots ({problems.ToList()[0]})");
            if (followed is null ? now.Length != then.Length : now.Length < then.Length)
                return Say($"has {now.Length} bytes, expected {then.Length}{(followed is null ? "" : " or more")}");
            if (followed?.SeemsUnchanged(now) == true)
            {
                _stamp = now;
                return null;
            }

            (long length, string sha256) = FileHash.Of(leadsTo, then.Length);
            if (length != then.Length || sha256 != then.Sha256)
            {
                return Say(
                    $"has different content: {length} bytes with SHA-256 {DataFingerprint.Short(sha256)}, "
                    + $"expected {then.Length} with {DataFingerprint.Short(then.Sha256)}");
            }

            if (FileStamp.Of(path, out _) == now)
                _stamp = now;
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Say($"can no longer be read ({error.Message})");
        }
    }

    private string Say(string what) =>
        $"data file '{path}' {what}; the data changed since the run began: restore the file and resume the run, or start a new run";
}

/// <summary>A file that was opened.</summary>
/// <param name="Key">The spec's key that names it.</param>
/// <param name="Path">Its path in the spec.</param>
/// <param name="Real">The path that is opened.</param>
internal readonly record struct OpenedFile(string Key, string Path, string Real);
