using System.IO.Enumeration;
using Orleans.Tbptt.Data.Files;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>
/// Which entries of directories no wildcard stands for, as in a shell: names that begin with a dot, such as <c>.git</c> and
/// <c>.DS_Store</c>, and the folders of version control without a dot. A part of the glob that begins with a dot names them.
/// </summary>
/// <param name="glob">The glob; <c>corpus/**/.*</c> names all with a dot, <c>corpus/.notes/*</c> those of one folder.</param>
internal sealed class HiddenEntries(string glob)
{
    private const int Shown = 3;

    private readonly string[] _named = [.. glob.Split('/').Where(HiddenFiles.IsHidden)];
    private readonly SortedSet<string> _leftOut = new(StringComparer.Ordinal);

    /// <summary>How many entries were left out; a folder counts once.</summary>
    public int Count { get; private set; }

    /// <summary>The first names that were left out, for people.</summary>
    public string Names => string.Join(", ", _leftOut.Take(Shown)) + (_leftOut.Count > Shown ? ", …" : "");

    /// <summary>Whether an entry is left out; it is counted then.</summary>
    public bool LeaveOut(FileSystemInfo entry)
    {
        if (!HiddenFiles.IsHidden(entry.Name)
            || _named.Any(part => FileSystemName.MatchesSimpleExpression(part, entry.Name, ignoreCase: false)))
            return false;
        Count++;
        _leftOut.Add(entry.Name);
        return true;
    }
}
