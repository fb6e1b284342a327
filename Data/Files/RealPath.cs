namespace Orleans.Tbptt.Data.Files;

/// <summary>Resolves every link in a path.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>
    /// The absolute path without links, <c>.</c> and <c>..</c>, resolved part by part as the system does: <c>link/..</c> is the parent of
    /// the link's target. Parts that do not exist stay as they are.
    /// </summary>
    /// <exception cref="IOException">The path has more than 40 links, most likely in a circle, or cannot be resolved.</exception>
    public static string Of(string path)
    {
        string real = Path.GetPathRoot(path) is { Length: > 0 } root
            ? root
            : throw new ArgumentException($"'{path}' is not an absolute path", nameof(path));
        var left = new Stack<string>();
        Push(left, path[real.Length..]);
        int links = 0;
        while (left.TryPop(out string? part))
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            string next = Path.Join(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
                throw new IOException($"more than {MostLinks} links in '{path}'");
            string targetRoot = Path.GetPathRoot(target) ?? "";
            real = targetRoot.Length > 0 ? targetRoot : real;
            Push(left, target[targetRoot.Length..]);
        }

        return real;
    }

    /// <summary>Whether a path without links lies below a directory without links, or is it.</summary>
    public static bool IsBelow(string path, string directory)
    {
        string above = Path.TrimEndingDirectorySeparator(directory);
        return path.StartsWith(above, StringComparison.Ordinal)
            && (path.Length == above.Length || Path.EndsInDirectorySeparator(above) || path[above.Length] == Path.DirectorySeparatorChar);
    }

    private static void Push(Stack<string> left, string path)
    {
        foreach (string part in path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Reverse())
            left.Push(part);
    }
}
