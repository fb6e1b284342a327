using Microsoft.Extensions.FileSystemGlobbing.Abstractions;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>
/// A directory that a glob walks. Enters neither a link that leads out of the data roots, nor, through a link, one of its own ancestors,
/// where it would find the same files for ever; and leaves hidden entries out.
/// </summary>
/// <param name="directory">The directory.</param>
/// <param name="real">Its path with links resolved.</param>
/// <param name="parent">The directory it was entered from; null for the start of the walk.</param>
/// <param name="glob">The glob, for messages.</param>
/// <param name="hidden">Which entries are left out.</param>
/// <param name="roots">The directories from which data may be read.</param>
/// <param name="problems">Collects links that lead out of the roots.</param>
internal sealed class GlobDirectory(
    DirectoryInfo directory, string real, GlobDirectory? parent, string glob, HiddenEntries hidden, DataRoots roots, ProblemList problems)
    : DirectoryInfoBase
{
    private readonly string _real = real;
    private readonly GlobDirectory? _parent = parent;

    public override string Name => directory.Name;

    public override string FullName => directory.FullName;

    public override DirectoryInfoBase? ParentDirectory => _parent;

    public override IEnumerable<FileSystemInfoBase> EnumerateFileSystemInfos()
    {
        foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos("*", SearchOption.TopDirectoryOnly))
        {
            if (hidden.LeaveOut(entry))
                continue;
            if (entry is FileInfo file)
                yield return new FileInfoWrapper(file);
            else if (entry is DirectoryInfo child && TryEnter(child) is { } entered)
                yield return entered;
        }
    }

    // Only patterns with '..' call this, and they are refused before the walk.
    public override DirectoryInfoBase? GetDirectory(string path) => throw new NotSupportedException($"'{path}' in the glob '{glob}'");

    public override FileInfoBase? GetFile(string path) => throw new NotSupportedException($"'{path}' in the glob '{glob}'");

    private GlobDirectory? TryEnter(DirectoryInfo child)
    {
        bool isLink = child.Attributes.HasFlag(FileAttributes.ReparsePoint);
        string leadsTo = isLink ? RealPath.Of(child.FullName) : Path.Join(_real, child.Name);
        if (isLink && !roots.IsInside(leadsTo))
        {
            problems.AddInFile(glob, () => roots.Outside(DataKeys.Source, child.FullName, leadsTo));
            return null;
        }

        for (GlobDirectory? above = this; above is not null; above = above._parent)
        {
            if (above._real == leadsTo)
                return null;
        }

        return new(child, leadsTo, this, glob, hidden, roots, problems);
    }
}
