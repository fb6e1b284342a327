using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>
/// The files of one run. Every source opens its files through this class, which admits paths below the data roots and records the contents.
/// </summary>
internal sealed class InputFiles(DataRoots roots)
{
    private readonly Lock _looking = new();
    private readonly List<TrackedFile> _files = [];

    /// <summary>The files that were opened so far, in order.</summary>
    public IReadOnlyList<OpenedFile> Opened => [.. _files.Select(file => file.Opened)];

    /// <summary>The directories from which data may be read.</summary>
    public DataRoots Roots => roots;

    /// <summary>The last rows of each series of a table that are left out, as if they were not known yet. Default 0.</summary>
    public int RowsLeftOut { get; init; }

    /// <summary>Where the source's file is followed, how far it is read; null up to the end of its last whole row.</summary>
    public long? End { get; init; }

    /// <summary>How the source's file is cut into rows, where it is followed; null where files are read to their ends.</summary>
    public RowCut? Cut { get; set; }

    /// <summary>The source's file, where it is followed and has been opened; null otherwise.</summary>
    public FollowedFile? Followed { get; private set; }

    /// <summary>The path to open of the file that is followed.</summary>
    public string FollowedPath => _files.First(file => file.Opened.Key == DataKeys.Source).Opened.Real;

    /// <summary>Whether the time of each row is kept, for those who show it. Default false.</summary>
    public bool KeepsTimes { get; init; }

    /// <summary>Cells of a table that are read, at most: more are an error. Default any number.</summary>
    public long MostCells { get; init; } = long.MaxValue;

    /// <summary>
    /// The path to open instead; null with a problem when it is not admitted. A missing file is reported by the caller
    /// that opens it.
    /// </summary>
    /// <param name="key">The spec's key that names it.</param>
    /// <param name="path">Its absolute path.</param>
    /// <param name="problems">Collects the problems.</param>
    public string? Admit(string key, string path, ProblemList problems)
    {
        if (roots.Admit(key, path, problems) is not { } real)
            return null;
        FileStamp stamp = FileStamp.Of(real, out FileKind kind);
        if (kind == FileKind.Special)
        {
            problems.AddInFile(key, () => new(
                key, $"'{path}', a pipe, a socket or a device", "a file, which can be read again", "write the data to a file"));
            return null;
        }

        if (kind != FileKind.Regular)
            return real;
        if (key == DataKeys.Source && Cut is { } cut)
        {
            if (TryFollow(path, real, cut, problems) is not { } followed)
                return null;
            Followed = followed;
        }

        _files.Add(new(key, path, real, stamp, key == DataKeys.Source ? Followed : null));
        return real;
    }

    /// <summary>Hashes every file, in the order they were opened.</summary>
    /// <exception cref="SpecException">A file changed meanwhile, or cannot be read.</exception>
    public IReadOnlyList<DataFile> Hash()
    {
        var problems = new ProblemList();
        foreach (TrackedFile file in _files)
            file.TryHash(problems);
        problems.ThrowIfAny();
        return Hashed;
    }

    /// <summary>The contents of all files. Only after <see cref="Hash"/>.</summary>
    public IReadOnlyList<DataFile> Hashed => [.. _files.Select(file => file.Content)];

    /// <summary>
    /// The same files, with what has come to the one that is followed; hashed, where these are. Null where they have to be opened anew.
    /// </summary>
    /// <param name="end">How far it is read; null up to the end of its last whole row.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public InputFiles? TryGrow(long? end)
    {
        if (Followed?.TryGrow(end) is not { } followed)
            return null;
        var grown = new InputFiles(roots)
        {
            RowsLeftOut = RowsLeftOut, End = end, Cut = Cut, Followed = followed, KeepsTimes = KeepsTimes, MostCells = MostCells,
        };
        grown._files.AddRange(_files.Select(file => file.With(file.Opened.Key == DataKeys.Source ? followed : null)));
        return grown;
    }

    /// <summary>
    /// How files are not those of before, with more behind them where they are followed: as text; null where they are. Only after
    /// <see cref="Hash"/>.
    /// </summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string? FindDifference(IReadOnlyList<DataFile> before)
    {
        DataFile[] now = [.. _files.Select(file => file.Content)];
        int followed = Followed is null ? -1 : _files.FindIndex(file => file.Opened.Key == DataKeys.Source);
        if (followed < 0 || before.Count != now.Length)
            return DataFingerprint.Compare(before, now, DataComparison.SinceTheRunBegan);
        DataFile file = now[followed];
        now[followed] = before[followed];
        return DataFingerprint.Compare(before, now, DataComparison.SinceTheRunBegan)
            ?? FollowedFile.FindRewritten(before[followed], file, _files[followed].Opened.Real);
    }

    /// <summary>The first change since the files were hashed, as text; null when there is none.</summary>
    public string? FindChange()
    {
        lock (_looking)
            return _files.Select(file => file.FindChange(roots)).FirstOrDefault(change => change is not null);
    }

    private FollowedFile? TryFollow(string path, string real, RowCut cut, ProblemList problems)
    {
        if (Followed is not null)
        {
            problems.Add(DataKeys.Source, $"another file, '{path}'", "one file, to which rows are appended, with extends.follow",
                "name one file, or extend the run each time the data have grown");
            return null;
        }

        try
        {
            return FollowedFile.TryOpen(path, real, cut, End, problems);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, path, error)]);
            return null;
        }
    }
}
