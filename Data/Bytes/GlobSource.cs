using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>The files of a glob, in order of their paths, as one long stream of tokens; the target of each token is the next one.</summary>
public abstract record GlobSource : OpenableSource
{
    /// <summary>The absolute glob of the files, with the wildcards <c>*</c> and <c>**</c>.</summary>
    public string Glob { get; init; } = "";

    /// <summary>Absolute globs of files that are left out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <inheritdoc/>
    public override string Form => $"{Word}:GLOB";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => [Glob];

    /// <inheritdoc/>
    public override IEnumerable<SourcePath> Reads =>
        [new(DataKeys.Source, Glob, IsGlob: true), .. Exclude.Select(glob => new SourcePath(DataKeys.Exclude, glob, IsGlob: true))];

    /// <inheritdoc/>
    public override bool IsStream => true;

    /// <inheritdoc/>
    public override bool? HasTokens => true;

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } glob ? this with { Glob = text.Glob(glob) } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Exclude = walk.Texts("exclude", Exclude, "globs left out", "glob", "none", mayBeEmpty: true, areGlobs: true),
    };

    /// <summary>Equal in every member, lists item by item.</summary>
    public virtual bool Equals(GlobSource? other) => base.Equals(other) && Glob == other.Glob && Exclude.SequenceEqual(other.Exclude);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), Glob, string.Join('\0', Exclude));

    internal override OpenableSource WithFilesOf(OpenableSource other) => this with { Glob = ((GlobSource)other).Glob };

    /// <summary>The stream's name in messages.</summary>
    private protected string NameOf(FileInfo[] files) =>
        files.Length == 1 ? files[0].FullName : $"the {files.Length} files of '{Glob}'";

    /// <summary>Says which entries of directories were left out because they are hidden, if any.</summary>
    private protected static IEnumerable<string> Remarks(HiddenEntries hidden)
    {
        if (hidden.Count > 0)
        {
            yield return $"left out {hidden.Count} hidden {(hidden.Count == 1 ? "entry" : "entries")} ({hidden.Names}): "
                + "a part of the glob that begins with a dot names them";
        }
    }

    /// <summary>Whether a file is compressed.</summary>
    private protected static bool IsPacked(FileInfo file)
    {
        Span<byte> head = stackalloc byte[4];
        using FileStream stream = file.OpenRead();
        return FileContent.PackingOf(head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]) != Packing.None;
    }

    /// <summary>The files, each of which could be opened; with none, there are problems.</summary>
    private protected FileInfo[] Find(InputFiles opened, HiddenEntries hidden, ProblemList problems)
    {
        try
        {
            IReadOnlyList<string> paths = GlobFiles.Find(Glob, Exclude, opened.Roots, problems, hidden);
            if (paths.Count == 0 && problems.IsEmpty)
            {
                string left = Exclude.Count > 0 ? " and is not excluded" : "";
                problems.Add(
                    DataKeys.Source, $"no file that matches '{Glob}'{left}", "at least one file",
                    Directory.Exists(Glob)
                        ? $"write '{Glob.TrimEnd('/')}/**/*' for all files in that directory"
                        : "check the glob, and that every silo sees the same files");
            }

            return [.. paths.Select(path => TryAdmit(path, opened, problems)).OfType<FileInfo>()];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, Glob, error)]);
            return [];
        }
    }

    private static void CheckContent(SafeFileHandle file, string path, ProblemList problems)
    {
        Span<byte> head = stackalloc byte[32];
        if (head[..RandomAccess.Read(file, head, 0)].StartsWith("version https://git-lfs"u8))
        {
            problems.Add(
                DataKeys.Source, $"a pointer of Git LFS in the place of the data: {path}", "the data themselves",
                "fetch them by 'git lfs pull'");
        }
    }

    // Opens the file, too, so that an error shows now and not hours later, when training reaches the file.
    private static FileInfo? TryAdmit(string path, InputFiles opened, ProblemList problems)
    {
        var own = new ProblemList();
        string? real = opened.Admit(DataKeys.Source, path, own);
        if (real is not null && InputFile.TryOpen(real, own) is { } file)
        {
            using (file)
                CheckContent(file, real, own);
        }

        foreach (SpecProblem problem in own.ToList())
            problems.AddInFile(Path.GetDirectoryName(path) ?? "", () => problem);
        return own.IsEmpty ? new(real!) : null;
    }
}
