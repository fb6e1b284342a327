using Microsoft.Extensions.FileSystemGlobbing;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>
/// Finds the files of a glob. <c>*</c> stands for any part of a name, <c>**</c> for any directories; neither stands for a hidden one.
/// </summary>
internal static class GlobFiles
{
    /// <summary>
    /// Absolute paths of the files that match <paramref name="include"/> and none of <paramref name="exclude"/>, in ordinal order with
    /// <c>/</c> between the parts, so that every machine reads the same stream.
    /// </summary>
    /// <param name="include">An absolute glob.</param>
    /// <param name="exclude">Absolute globs.</param>
    /// <param name="roots">The directories from which data may be read.</param>
    /// <param name="problems">Collects paths that lead out of the roots.</param>
    /// <param name="hidden">Which entries are hidden; counts what is left out. Null for those of <paramref name="include"/>.</param>
    /// <exception cref="IOException">A directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process has no permission to read it.</exception>
    public static IReadOnlyList<string> Find(
        string include, IReadOnlyList<string> exclude, DataRoots roots, ProblemList problems, HiddenEntries? hidden = null)
    {
        if (!roots.AdmitGlob(DataKeys.Source, include, problems))
            return [];
        (string root, string pattern) = Split(include);
        if (!Directory.Exists(root))
            return [];
        var matcher = new Matcher(StringComparison.Ordinal);
        matcher.AddInclude(pattern);
        var start = new GlobDirectory(new(root), RealPath.Of(root), null, include, hidden ?? new(include), roots, problems);
        string[] found = [.. matcher.Execute(start).Files.Select(match => root + match.Path.Replace('\\', '/'))];
        HashSet<string> excluded = Excluded(found, exclude);
        string[] kept = [.. found.Where(path => !excluded.Contains(path))];
        Array.Sort(kept, StringComparer.Ordinal);
        return kept;
    }

    // Only the directory tree below the glob's literal prefix is walked.
    private static (string Root, string Pattern) Split(string glob)
    {
        string[] parts = glob.Replace('\\', '/').Split('/');
        int wild = Array.FindIndex(parts, part => part.Contains('*', StringComparison.Ordinal));
        int literal = wild < 0 ? parts.Length - 1 : wild;
        return (string.Join('/', parts[..literal]) + "/", string.Join('/', parts[literal..]));
    }

    private static HashSet<string> Excluded(string[] found, IReadOnlyList<string> exclude)
    {
        var excluded = new HashSet<string>(StringComparer.Ordinal);
        foreach (string glob in exclude)
        {
            (string root, string pattern) = Split(glob);
            var matcher = new Matcher(StringComparison.Ordinal);
            matcher.AddInclude(pattern);
            IEnumerable<string> below =
                found.Where(path => path.StartsWith(root, StringComparison.Ordinal)).Select(path => path[root.Length..]);
            excluded.UnionWith(matcher.Match(below).Files.Select(match => root + match.Path));
        }

        return excluded;
    }
}
