using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Data.Files;

/// <summary>Which names are hidden: those that begin with a dot, and the folders of version control that do not.</summary>
internal static class HiddenFiles
{
    private static readonly string[] VersionControl = ["CVS", "_darcs"];

    /// <summary>Whether a name of a file or folder is hidden.</summary>
    public static bool IsHidden(string name) => name.StartsWith('.') || VersionControl.Contains(name);

    /// <summary>
    /// The files that others lack, where each of them is hidden below the folders of the others and all else is the same; otherwise none.
    /// </summary>
    public static IReadOnlyList<DataFile> OnlyIn(IReadOnlyList<DataFile> files, IReadOnlyList<DataFile> others)
    {
        var only = new List<DataFile>();
        int next = 0;
        foreach (DataFile file in files)
        {
            if (next < others.Count && file.Length == others[next].Length && file.Sha256 == others[next].Sha256)
                next++;
            else if (others.Any(other => IsBelow(file.Path, other.Path)))
                only.Add(file);
            else
                return [];
        }

        return next == others.Count ? only : [];
    }

    /// <summary>Whether a path has a hidden name behind the folders that it shares with another one.</summary>
    private static bool IsBelow(string path, string other)
    {
        string[] names = path.Split('/'), others = other.Split('/');
        int shared = names.Zip(others).TakeWhile(pair => pair.First == pair.Second).Count();
        return names.Skip(shared).Any(IsHidden);
    }
}
