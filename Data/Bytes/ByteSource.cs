using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>Files as one long stream of bytes; the target of each byte is the next one.</summary>
public sealed record ByteSource : OpenableSource
{
    private const int Bytes = 256;
    private const int Horizon = 1;

    /// <summary>The absolute glob of the files, with the wildcards <c>*</c> and <c>**</c>.</summary>
    public string Glob { get; init; } = "";

    /// <summary>Absolute globs of files that are left out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <inheritdoc/>
    public override string Word => "bytes";

    /// <inheritdoc/>
    public override string About => "all files of a glob in order of their paths, as one long stream; the target is the next byte";

    /// <inheritdoc/>
    public override string Form => "bytes:GLOB";

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
    public override string? BitsPer => "bits per byte";

    /// <inheritdoc/>
    public override SourceSpec Read(string? paths, TextContext text) =>
        Required(paths, text) is { } glob ? this with { Glob = text.Glob(glob) } : this;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Exclude = walk.Texts("exclude", Exclude, "globs left out", "glob", "none", mayBeEmpty: true, areGlobs: true),
    };

    /// <summary>Equal in every member, lists item by item.</summary>
    public bool Equals(ByteSource? other) => other is not null && Glob == other.Glob && Exclude.SequenceEqual(other.Exclude);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Glob, string.Join('\0', Exclude));

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened) => Open(spec, opened, isHeldOut: false);

    internal override OpenableSource WithFilesOf(OpenableSource other) => this with { Glob = ((ByteSource)other).Glob };

    internal override IDataSource OpenHeldOut(RunSpec spec, InputFiles opened, SourceDescription training) =>
        Open(spec, opened, isHeldOut: true);

    private DataSource Open(RunSpec spec, InputFiles opened, bool isHeldOut)
    {
        DataSpec data = spec.Data;
        var problems = new ProblemList();
        var hidden = new HiddenEntries(Glob);
        FileInfo[] files = Find(opened, hidden, problems);
        problems.ThrowIfAny();

        var stream = new ByteStream(files);
        string source = files.Length == 1 ? files[0].FullName : $"the {files.Length} files of '{Glob}'";
        StreamCut? cut = isHeldOut ? StreamCut.TryHoldOut(stream.Length, "byte", source, data.BatchSize, Horizon, problems)
            : StreamCut.TryCut(stream.Length, "byte", source, data, Horizon, problems);
        if (cut is null)
        {
            stream.Dispose();
            throw new SpecException(problems.ToList());
        }

        var shape = new DataShape(0, Bytes, 0, Bytes);
        var (training, validation) = cut.Borders("byte", stream.Length);
        return new DataSource(
            shape, new ByteSet(shape, cut.Training, stream), cut.Validation is null ? null : new ByteSet(shape, cut.Validation, stream),
            owned: stream)
        {
            Description = new() { Training = training, Validation = validation, Remarks = [.. Remarks(files, stream.Length, hidden)] },
        };
    }

    private static IEnumerable<string> Remarks(FileInfo[] files, long bytes, HiddenEntries hidden)
    {
        yield return FormattableString.Invariant($"{bytes:N0} bytes in {files.Length:N0} file{(files.Length == 1 ? "" : "s")}");
        if (hidden.Count > 0)
        {
            yield return $"left out {hidden.Count} hidden {(hidden.Count == 1 ? "entry" : "entries")} ({hidden.Names}): "
                + "a part of the glob that begins with a dot names them";
        }

        foreach (FileInfo file in files.Where(IsPacked).Take(3))
            yield return $"{file.Name} is compressed: its bytes are read as they are, not those that it was made of";
    }

    private static bool IsPacked(FileInfo file)
    {
        Span<byte> head = stackalloc byte[4];
        using FileStream stream = file.OpenRead();
        return FileContent.PackingOf(head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)]) != Packing.None;
    }

    private FileInfo[] Find(InputFiles opened, HiddenEntries hidden, ProblemList problems)
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

/// <summary>Rows of a stream of bytes.</summary>
internal sealed class ByteSet(DataShape shape, StreamRows rows, ByteStream stream) : StreamSet(shape, rows)
{
    private const int BlockBytes = 1 << 16;

    protected override void FillTokens(SequenceSlice slice, Span<long> destination) => Fill(Position(slice), destination);

    protected override void FillClasses(SequenceSlice slice, Span<long> destination) => Fill(Position(slice) + 1, destination);

    private void Fill(long position, Span<long> destination)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Math.Min(BlockBytes, Math.Max(1, destination.Length)));
        try
        {
            while (destination.Length > 0)
            {
                Span<byte> block = rented.AsSpan(0, Math.Min(rented.Length, destination.Length));
                stream.Read(position, block);
                for (int i = 0; i < block.Length; i++)
                    destination[i] = block[i];
                position += block.Length;
                destination = destination[block.Length..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
