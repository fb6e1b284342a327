using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>How paths are read.</summary>
/// <param name="Base">The directory that relative ones are relative to.</param>
/// <param name="FilesMustExist">Whether a file that does not exist is a mistake, and a glob with other wildcards than <c>*</c>.</param>
internal readonly record struct SpecPaths(string Base, bool FilesMustExist);

/// <summary>A text at a key of a section.</summary>
internal sealed class SectionText(SectionReader section, string key, SpecPaths paths) : TextContext
{
    private readonly string _base = Path.GetFullPath(paths.Base.Length == 0 ? "." : paths.Base);

    public override string File(string path, string expected)
    {
        string full = Absolute(path);
        if (paths.FilesMustExist && !System.IO.File.Exists(full))
        {
            string found = Directory.Exists(full) ? "a directory at" : "no such file";
            section.Report(key, $"{found} {Show.Clean(full, 300)}", expected, "correct the path, relative to the spec's directory");
        }

        return full;
    }

    public override string Absolute(string path) => Path.GetFullPath(path, _base);

    /// <summary>
    /// Makes the part of a glob before its first wildcard absolute and leaves the rest as it is. Elsewhere <c>?</c> and <c>[</c> are
    /// wildcards, too, and here they would match themselves only; a written spec may have them in the directory it was made in.
    /// </summary>
    public override string Glob(string glob)
    {
        if (paths.FilesMustExist && glob.AsSpan().IndexOfAny('?', '[') is >= 0 and int other)
        {
            section.Report(key, $"{glob[other]} in the glob {Show.Clean(glob, 300)}", "* and ** as wildcards",
                $"write * in the place of {(glob[other] == '?' ? "?" : "[ and ]")}");
        }

        int wildcard = glob.IndexOf('*', StringComparison.Ordinal);
        if (wildcard < 0)
            return Absolute(glob);
        int slash = glob.LastIndexOf('/', wildcard);
        string directory = slash < 0 ? _base : Absolute(glob[..(slash + 1)]);
        return Path.TrimEndingDirectorySeparator(directory).TrimEnd('/') + "/" + glob[(slash + 1)..];
    }

    public override void Report(string found, string expected, string remedy) =>
        section.Report(key, Show.Clean(found, 300), expected, remedy);
}
