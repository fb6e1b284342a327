using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>Reads <c>data.source</c> and makes paths absolute.</summary>
internal sealed class SpecPaths(string baseDirectory, bool filesMustExist)
{
    public const string Forms = "average, sine, csv:PATH, npy:INPUTS,TARGETS[,LENGTHS] or bytes:GLOB";
    private readonly string _base = Path.GetFullPath(baseDirectory.Length == 0 ? "." : baseDirectory);

    /// <summary>Reads the kind of source and the paths behind its colon.</summary>
    public (SourceKind Kind, IReadOnlyList<string> Paths) Source(SectionReader data, string text)
    {
        string[] parts = text.Split(':', 2);
        string[] words = [.. Words.Sources.Select(source => source.Text)];
        int index = Array.IndexOf(words, parts[0]);
        if (index < 0)
        {
            string remedy = Nearest.To(parts[0], words) is { } near ? $"did you mean {near}?" : "choose one of them";
            data.Tell("source", Show.Clean(text), Forms, remedy);
            return (default, []);
        }

        SourceKind kind = Words.Sources[index].Value;
        return (kind, Paths(data, kind, parts[0], parts.Length == 2 ? parts[1].TrimStart() : null));
    }

    /// <summary>The absolute path of a file; told at <paramref name="key"/> when it must exist and does not.</summary>
    public string File(SectionReader section, string key, string path, string expected)
    {
        string full = Path.GetFullPath(path, _base);
        if (filesMustExist && !System.IO.File.Exists(full))
        {
            string found = Directory.Exists(full) ? "a directory at" : "no such file";
            section.Tell(key, $"{found} {Show.Clean(full, 300)}", expected, "correct the path, relative to the spec's directory");
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
            section.Tell(key, $"{glob[other]} in the glob {Show.Clean(glob, 300)}", "* and ** as wildcards",
                $"write * in the place of {(glob[other] == '?' ? "?" : "[ and ]")}");
        }

        int wildcard = glob.IndexOf('*', StringComparison.Ordinal);
        if (wildcard < 0)
            return Path.GetFullPath(glob, _base);
        int slash = glob.LastIndexOf('/', wildcard);
        string directory = slash < 0 ? _base : Path.GetFullPath(glob[..(slash + 1)], _base);
        return Path.TrimEndingDirectorySeparator(directory).TrimEnd('/') + "/" + glob[(slash + 1)..];
    }

    private string[] Paths(SectionReader data, SourceKind kind, string word, string? paths)
    {
        if (kind is SourceKind.Average or SourceKind.Sine)
        {
            if (paths is not null)
                data.Tell("source", Show.Clean($"{word}:{paths}"), word, "remove the colon and what follows; the sequences are synthetic");
            return [];
        }

        if (string.IsNullOrWhiteSpace(paths))
        {
            data.Tell("source", $"{word} without a path", Forms, "write the path after the colon");
            return [];
        }

        return kind switch
        {
            SourceKind.Csv => [File(data, "source", paths, "a CSV file")],
            SourceKind.Bytes => [Glob(data, "source", paths)],
            SourceKind.Npy => Arrays(data, paths),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a source without paths"),
        };
    }

    /// <summary>A comma parts the files of a npy source, so none of them can have one in its path.</summary>
    private string[] Arrays(SectionReader data, string paths)
    {
        const string Expected = "npy:INPUTS,TARGETS[,LENGTHS]";
        string[] files = [.. paths.Split(',').Select(path => path.TrimStart())];
        if (files.Length is not (2 or 3) || files.Any(string.IsNullOrWhiteSpace))
        {
            bool empty = files.Any(string.IsNullOrWhiteSpace);
            string found = empty ? "an empty path" : files.Length == 1 ? "1 path" : $"{files.Length} paths";
            data.Tell("source", found, Expected, "name two or three files with commas between them, none in a path");
            return [];
        }

        if (files.Select(file => Path.GetFullPath(file, _base)).FirstOrDefault(full => full.Contains(',')) is { } comma)
        {
            data.Tell("source", $"a comma in the path {Show.Clean(comma, 300)}", Expected,
                "rename the directory: commas part the files of a npy source");
            return [];
        }

        return [.. files.Select(file => File(data, "source", file, "a NumPy file"))];
    }
}
