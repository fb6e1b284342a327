using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>
/// The files of one run: every source asks here before it opens one. Lets in what lies below the data roots, and remembers what it was.
/// </summary>
internal sealed class InputFiles(DataRoots roots)
{
    private readonly Lock _looking = new();
    private readonly List<SeenFile> _files = [];

    /// <summary>Where data may lie.</summary>
    public DataRoots Roots => roots;

    /// <summary>
    /// The path to open in a path's stead; null with a problem when there is none to open. A file that is not there is left to whoever
    /// opens it to tell.
    /// </summary>
    /// <param name="key">The spec's key that names it.</param>
    /// <param name="path">Its absolute path.</param>
    /// <param name="problems">Takes what is wrong.</param>
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

        if (kind == FileKind.Regular)
            _files.Add(new(key, path, real, stamp));
        return real;
    }

    /// <summary>Hashes every file, in the order they were opened.</summary>
    /// <exception cref="SpecException">One of them changed meanwhile, or cannot be read.</exception>
    public IReadOnlyList<DataFile> Hash()
    {
        var problems = new ProblemList();
        foreach (SeenFile file in _files)
            file.TryHash(problems);
        problems.ThrowIfAny();
        return [.. _files.Select(file => file.Content)];
    }

    /// <summary>The first change since the files were hashed, in words; null when there is none.</summary>
    public string? FindChange()
    {
        lock (_looking)
            return _files.Select(file => file.FindChange(roots)).FirstOrDefault(change => change is not null);
    }
}
