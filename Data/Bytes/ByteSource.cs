using System.Buffers;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>Files as one long stream of bytes; the target of each byte is the next one.</summary>
internal static class ByteSource
{
    private const int Bytes = 256;
    private const int Horizon = 1;

    /// <exception cref="SpecException">No file matches, or there are too few bytes.</exception>
    public static IDataSource Open(DataSpec data, InputFiles opened)
    {
        var problems = new ProblemList();
        string glob = data.Paths[0];
        FileInfo[] files = Find(data, glob, opened, problems);
        problems.ThrowIfAny();

        var stream = new ByteStream(files);
        string source = files.Length == 1 ? files[0].FullName : $"the {files.Length} files of '{glob}'";
        StreamCut? cut = StreamCut.TryCut(stream.Length, "byte", source, data.BatchSize, Horizon, data.ValidationFraction, problems);
        if (cut is null)
        {
            stream.Dispose();
            throw new SpecException(problems.ToList());
        }

        var shape = new DataShape(0, Bytes, 0, Bytes);
        return new DataSource(
            shape, new ByteSet(shape, cut.Training, stream), cut.Validation is null ? null : new ByteSet(shape, cut.Validation, stream),
            owned: stream);
    }

    private static FileInfo[] Find(DataSpec data, string glob, InputFiles opened, ProblemList problems)
    {
        try
        {
            IReadOnlyList<string> paths = GlobFiles.Find(glob, data.Exclude, opened.Roots, problems);
            if (paths.Count == 0 && problems.IsEmpty)
            {
                string left = data.Exclude.Count > 0 ? " and is not excluded" : "";
                problems.Add(
                    DataKeys.Source, $"no file that matches '{glob}'{left}", "at least one file",
                    Directory.Exists(glob)
                        ? $"write '{glob.TrimEnd('/')}/**/*' for all files in that directory"
                        : "check the glob, and that every silo sees the same files");
            }

            return [.. paths.Select(path => TryAdmit(path, opened, problems)).OfType<FileInfo>()];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, glob, error)]);
            return [];
        }
    }

    // Opens the file, too, so that an error shows now and not hours later, when training reaches the file.
    private static FileInfo? TryAdmit(string path, InputFiles opened, ProblemList problems)
    {
        var own = new ProblemList();
        string? real = opened.Admit(DataKeys.Source, path, own);
        if (real is not null)
            InputFile.TryOpen(DataKeys.Source, real, own)?.Dispose();
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
