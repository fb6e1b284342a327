using System.Buffers;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>Files as one long stream of bytes; the target of each byte is the next one.</summary>
public sealed record ByteSource : GlobSource, ITokenText
{
    private const int Bytes = 256;
    private const int Horizon = 1;

    /// <inheritdoc/>
    public override string Word => "bytes";

    /// <inheritdoc/>
    public override string About => "all files of a glob in order of their paths, as one long stream; the target is the next byte";

    /// <inheritdoc/>
    public override bool GrowsByAppending => true;

    /// <inheritdoc/>
    public override bool CanBeFollowed => true;

    internal override RowCut? RowCut => new(RowUnit.Byte);

    /// <inheritdoc/>
    public override string? BitsPer => "bits per byte";

    /// <inheritdoc/>
    public IReadOnlyList<long> Encode(ReadOnlySpan<byte> text, IReadOnlyList<string> tokens) =>
        [.. text.ToArray().Select(one => (long)one)];

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Decode(long token, long? before, IReadOnlyList<string> tokens) => new[] { (byte)token };

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened) => Open(spec, opened, isHeldOut: false);

    internal override IDataSource OpenHeldOut(RunSpec spec, InputFiles opened, IDataSource training) =>
        Open(spec, opened, isHeldOut: true);

    private DataSource Open(RunSpec spec, InputFiles opened, bool isHeldOut)
    {
        DataSpec data = spec.Data;
        var problems = new ProblemList();
        var hidden = new HiddenEntries(Glob);
        FileInfo[] files = Find(opened, hidden, problems);
        problems.ThrowIfAny();
        return Cut(data, files, opened.Followed?.End, hidden, isHeldOut, problems);
    }

    private DataSource Cut(
        DataSpec data, FileInfo[] files, long? end, HiddenEntries hidden, bool isHeldOut, ProblemList problems)
    {
        var stream = new ByteStream(files, end);
        string source = NameOf(files);
        StreamCut? cut = isHeldOut ? StreamCut.TryHoldOut(stream.Length, "byte", source, data.BatchSize, Horizon, problems)
            : StreamCut.TryCut(stream.Length, "byte", source, data, Horizon, problems);
        if (cut is null)
        {
            stream.Dispose();
            throw new SpecException(problems.ToList());
        }

        var shape = new DataShape(0, Bytes, 0, Bytes);
        return new DataSource(
            shape, new ByteSet(shape, cut.Training, stream), cut.Validation is null ? null : new ByteSet(shape, cut.Validation, stream),
            owned: stream)
        {
            Test = cut.Test is null ? null : new ByteSet(shape, cut.Test, stream),
            Description = cut.Describe("byte") with { Remarks = [.. Remarks(files, stream.Length, hidden)] },
            Grow = end is null ? null : opened => Cut(data, files, opened.Followed!.End, hidden, isHeldOut, new()),
        };
    }

    private static IEnumerable<string> Remarks(FileInfo[] files, long bytes, HiddenEntries hidden)
    {
        yield return FormattableString.Invariant($"{bytes:N0} bytes in {files.Length:N0} file{(files.Length == 1 ? "" : "s")}");
        foreach (string remark in Remarks(hidden))
            yield return remark;
        foreach (FileInfo file in files.Where(IsPacked).Take(3))
            yield return $"{file.Name} is compressed: its bytes are read as they are, not those that it was made of";
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
