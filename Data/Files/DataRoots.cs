using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>
/// The directories that a silo reads data from. A submitted spec names paths; without roots these may be any file that the silo's
/// user can read.
/// </summary>
/// <remarks>
/// A path is checked after its links are resolved: a link below a root that leads out of it is refused. The check is made
/// when a spec is submitted and again on every silo that opens the data, and the path that was checked, links resolved, is the one opened.
/// </remarks>
public sealed class DataRoots
{
    private readonly string[] _real;

    /// <summary>Limits data to the directories; none for no limit.</summary>
    /// <exception cref="ArgumentException">One of them is not an absolute path.</exception>
    public DataRoots(IReadOnlyList<string> directories)
    {
        if (directories.FirstOrDefault(directory => string.IsNullOrWhiteSpace(directory)
            || !Path.IsPathFullyQualified(directory)) is { } relative)
            throw new ArgumentException($"data root: found '{relative}', expected an absolute path", nameof(directories));
        Directories = [.. directories.Select(Path.GetFullPath)];
        _real = [.. Directories.Select(RealPath.Of)];
    }

    /// <summary>No limit: every file that this process can read.</summary>
    public static DataRoots Anywhere { get; } = new([]);

    /// <summary>The directories as given; empty for no limit.</summary>
    public IReadOnlyList<string> Directories { get; }

    /// <summary>
    /// A run store, which may lie outside: what a run must know of the one that it extends is read from there, too. Null for none.
    /// </summary>
    public string? RunStore { get; init; }

    /// <summary>Whether there is a limit.</summary>
    public bool IsLimited => Directories.Count > 0;

    /// <summary>
    /// Every path of a spec that leads out of the roots: the files, the directory where a glob begins, its exclusions, the initial
    /// weights, the parent. The files that a glob finds are checked when the data are opened.
    /// </summary>
    public IReadOnlyList<SpecProblem> Check(RunSpec spec)
    {
        var problems = new ProblemList();
        if (!IsLimited)
            return [];
        foreach (SourcePath read in spec.Data.Source.Reads.Concat(HeldOutReads(spec.Data)))
            _ = read.IsGlob ? AdmitGlob(read.Key, read.Path, problems) : Admit(read.Key, read.Path, problems) is not null;
        if (spec.Model.InitFrom is { } weights)
            Admit(DataKeys.InitFrom, weights, problems);
        if (spec.Extends is { } extends)
            Admit(DataKeys.Extends, extends.Checkpoint, problems);
        return problems.ToList();
    }

    private static IEnumerable<SourcePath> HeldOutReads(DataSpec data) =>
        Enum.GetValues<HeldOutPart>().SelectMany(part => data.Of(part)?.Source?.Reads ?? []);

    /// <summary>Whether a file may be read, links resolved.</summary>
    /// <exception cref="IOException">Its directory cannot be read.</exception>
    internal bool Admits(string path) => !IsLimited || IsInside(RealPath.Of(path));

    /// <summary>The path to open instead, links resolved; null with a problem when it leads out of the roots.</summary>
    internal string? Admit(string key, string path, ProblemList problems)
    {
        if (!IsLimited)
            return path;
        try
        {
            string real = RealPath.Of(path);
            if (IsInside(real) || (key == DataKeys.Extends && RunStore is { } store && RealPath.IsBelow(real, RealPath.Of(store))))
                return real;
            problems.AddInFile(key, () => Outside(key, path, real));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.AddRange([InputFile.Unreadable(key, path, error)]);
        }

        return null;
    }

    /// <summary>Whether a glob begins below a root and cannot leave it.</summary>
    internal bool AdmitGlob(string key, string glob, ProblemList problems)
    {
        int wildcard = glob.IndexOf('*', StringComparison.Ordinal);
        if (wildcard >= 0 && glob[wildcard..].Split('/').Contains(".."))
        {
            problems.Add(key, $"'..' after a wildcard in '{glob}'", "a glob without '..'", "spell the directory out");
            return false;
        }

        if (!IsLimited)
            return true;
        string start = wildcard < 0 ? glob : glob[..(glob.LastIndexOf('/', wildcard) + 1)];
        return Admit(key, start, problems) is not null;
    }

    /// <summary>Whether a path without links lies below a root.</summary>
    internal bool IsInside(string real) => !IsLimited || _real.Any(root => RealPath.IsBelow(real, root));

    /// <summary>The problem of a path outside the roots. Targets of links that lie outside are not revealed.</summary>
    internal SpecProblem Outside(string key, string path, string real) => new(
        key, Directories.Any(root => RealPath.IsBelow(Path.GetFullPath(path), root)) ? $"'{path}', which leads to '{real}'" : $"'{path}'",
        $"a path below the silo's data root{(Directories.Count == 1 ? "" : "s")}: {string.Join(", ", Directories)}",
        "move the data there, or ask the silo's operator to add a data root");
}
