namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Makes paths absolute.</summary>
internal sealed class SpecPaths(string baseDirectory, bool filesMustExist)
{
    private readonly string _base = Path.GetFullPath(baseDirectory.Length == 0 ? "." : baseDirectory);

    /// <summary>The absolute path of a file; reported at <paramref name="key"/> when it must exist and does not.</summary>
    public string File(SectionReader section, string key, string path, string expected)
    {
        string full = Path.GetFullPath(path, _base);
        if (filesMustExist && !System.IO.File.Exists(full))
        {
            string found = Directory.Exists(full) ? "a directory at" : "no such file";
            section.Report(key, $"{found} {Show.Clean(full, 300)}", expected, "correct the path, relative to the spec's directory");
        }

        return full;
    }

    /// <summary>
    /// Makes the part of a glob before its first wildcard absolute and leaves the rest as it is. Elsewhere <c>?</c> and <c>[</c> are
    /// wildcards, too, and here they would match themselves only; a written spec may have them in the directory it was made in.
    /// </summary>
    public string Glob(SectionReader section, string key, string glob)
    {
        if (filesMustExist && glob.AsSpan().IndexOfAny('?', '[') is >= 0 and int other)
        {
            section.Report(key, $"{glob[other]} in the glob {Show.Clean(glob, 300)}", "* and ** as wildcards",
                $"write * in the place of {(glob[other] == '?' ? "?" : "[ and ]")}");
        }

        int wildcard = glob.IndexOf('*', StringComparison.Ordinal);
        if (wildcard < 0)
            return Path.GetFullPath(glob, _base);
        int slash = glob.LastIndexOf('/', wildcard);
        string directory = slash < 0 ? _base : Path.GetFullPath(glob[..(slash + 1)], _base);
        return Path.TrimEndingDirectorySeparator(directory).TrimEnd('/') + "/" + glob[(slash + 1)..];
    }

    /// <summary>The absolute path of a file, whether it exists or not.</summary>
    public string Absolute(string path) => Path.GetFullPath(path, _base);
}
