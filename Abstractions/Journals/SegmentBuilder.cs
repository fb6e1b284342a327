using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>Collects the events of a segment, and writes it. Every line comes back to the byte.</summary>
/// <param name="segment">The segment, from 0.</param>
/// <param name="clipNorm">The norm above which a gradient is clipped; null where none is.</param>
internal sealed class SegmentBuilder(long segment, double? clipNorm)
{
    private readonly byte[] _kinds = new byte[SegmentFormat.Events];
    private readonly StepTable _table = new();
    private readonly List<long> _generations = [], _epochs = [], _hashes = [];
    private readonly List<StepBucket> _blocks = [];
    private readonly StepBucket _total = new();
    private readonly List<string> _others = [], _verbatim = [];

    /// <summary>The segment, from 0.</summary>
    public long Segment => segment;

    /// <summary>The number of the next event.</summary>
    public long Next => SegmentFormat.FirstOf(segment) + Count;

    /// <summary>Events so far.</summary>
    public int Count { get; private set; }

    /// <summary>Whether it holds all events of its segment.</summary>
    public bool IsFull => Count == SegmentFormat.Events;

    /// <summary>Adds an event whose line is <see cref="RunJson.Write(RunEvent)"/>'s.</summary>
    public void Add(RunEvent one, string line)
    {
        if (one is not StepCommitted step)
            AddOther(line);
        else if (step.Time.Offset != TimeSpan.Zero || step.Number != Next)
            AddStep(step, SegmentFormat.VerbatimStep, line);
        else
            AddStep(step, KindOf(step), line);
    }

    private static byte KindOf(StepCommitted step) => (byte)(SegmentFormat.PlainStep
        + (step.DifferenceNorm is null ? 0 : SegmentFormat.WithDifference) + (step.StateHash is null ? 0 : SegmentFormat.WithHash));

    /// <summary>Adds the event of a line that any version wrote.</summary>
    public void Add(string line)
    {
        if (!RunJson.IsStep(line) || RunJson.ReadEventOrNull(line) is not StepCommitted step)
            AddOther(line);
        else if (RunJson.Write(step) == line)
            Add(step, line);
        else
            AddStep(step, SegmentFormat.VerbatimStep, line);
    }

    /// <summary>The bytes of the segment.</summary>
    public byte[] Write()
    {
        using var data = new MemoryStream();
        var sections = new List<SegmentSection>();
        AddColumn(SegmentFormat.Blocks, BlockFields());
        AddColumn(SegmentFormat.Kinds, [.. _kinds.AsSpan(0, Count).ToArray().Select(kind => (long)kind)]);
        AddColumn(SegmentFormat.Integers[0], CollectionsMarshal.AsSpan(_generations));
        AddColumn(SegmentFormat.Integers[1], _table.Times.AsSpan(0, _table.Count));
        AddColumn(SegmentFormat.Integers[2], _table.Steps.AsSpan(0, _table.Count));
        AddColumn(SegmentFormat.Integers[3], CollectionsMarshal.AsSpan(_epochs));
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
        {
            var values = _table.Values[metric].AsSpan(0, _table.Count);
            if (InTicks(values) is { } ticks)
                AddColumn(SegmentFormat.Doubles[metric], ticks, SegmentFormat.Ticks);
            else
                AddColumn(SegmentFormat.Doubles[metric], MemoryMarshal.Cast<double, long>(values));
        }

        if (_hashes.Exists(hash => hash != 0))
            AddColumn(SegmentFormat.Hashes, CollectionsMarshal.AsSpan(_hashes));
        AddText(SegmentFormat.Others, _others);
        AddText(SegmentFormat.Verbatim, _verbatim);
        return Whole(sections, data);

        void AddColumn(string name, ReadOnlySpan<long> values, double scale = 0)
        {
            long offset = data.Position;
            var shape = ColumnCodec.Encode(values, data);
            AddSection(name, values.Length, offset, shape, scale);
        }

        void AddText(string name, List<string> lines)
        {
            byte[] text = Text(lines);
            long offset = data.Position;
            ColumnCodec.Compress(text, data, CompressionLevel.Optimal);
            AddSection(name, text.Length, offset, default, 0);
        }

        void AddSection(string name, int count, long offset, ColumnShape shape, double scale) => sections.Add(new()
        {
            Name = name,
            Count = count,
            Offset = offset,
            Length = (int)(data.Position - offset),
            Sha256 = SegmentFormat.Hash(data.GetBuffer().AsSpan((int)offset, (int)(data.Position - offset))),
            Order = shape.Order,
            Planes = shape.Planes,
            Scale = scale,
        });
    }

    /// <summary>The segment's lines in the index.</summary>
    public byte[] WriteIndex() => WriteIndex(segment, Text(_others), _others.Count, _total);

    /// <summary>A segment's lines in the index.</summary>
    /// <param name="segment">The segment, from 0.</param>
    /// <param name="others">The lines of its events that are not steps.</param>
    /// <param name="count">How many lines these are.</param>
    /// <param name="total">All of its steps together.</param>
    public static byte[] WriteIndex(long segment, byte[] others, int count, StepBucket total)
    {
        var record = new IndexRecord { Segment = segment, Lines = count, Total = BucketRecord.Of(total), Sha256 = "" };
        byte[] line = JsonSerializer.SerializeToUtf8Bytes(record, SegmentJson.Default.IndexRecord);
        byte[] hashed = [.. others, .. line.AsSpan(0, line.AsSpan().LastIndexOf(",\"sha256\""u8))];
        return [.. hashed, .. Encoding.ASCII.GetBytes($",\"sha256\":\"{SegmentFormat.Hash(hashed)}\"}}\n")];
    }

    private void AddOther(string line)
    {
        _others.Add(line);
        Count++;
    }

    private void AddStep(StepCommitted step, byte kind, string line)
    {
        if (kind == SegmentFormat.VerbatimStep)
            _verbatim.Add(line);
        step = step with { Number = Next };
        if (_total.Count % StepPart.BlockSteps == 0)
            _blocks.Add(new());
        _blocks[^1].Add(step, clipNorm);
        _total.Add(step, clipNorm);
        _table.Add(step, Next);
        _generations.Add(step.Generation);
        _epochs.Add(step.Epoch);
        _hashes.Add(unchecked((long)(step.StateHash?.Value ?? 0)));
        _kinds[Count++] = kind;
    }

    /// <summary>The blocks, field after field.</summary>
    private long[] BlockFields()
    {
        Func<StepBucket, long>[] fields =
        [
            block => block.First, block => block.Step, block => block.Number, block => block.Time.UtcTicks, block => block.Count,
            block => block.Clipped, block => BitConverter.DoubleToInt64Bits(block.LearningRate),
            .. Enumerable.Range(0, StepBucket.Metrics).Select(metric => (StepMetric)metric).SelectMany(
                metric => (Func<StepBucket, long>[])
                [
                    block => BitConverter.DoubleToInt64Bits(block[metric].Min), block => BitConverter.DoubleToInt64Bits(block[metric].Max),
                    block => BitConverter.DoubleToInt64Bits(block[metric].Sum), block => block[metric].Finite,
                ]),
        ];
        return [.. fields.SelectMany(field => _blocks.Select(field))];
    }

    /// <summary>Durations are whole ticks, whose doubles look like noise; null where a value is something else.</summary>
    private static long[]? InTicks(ReadOnlySpan<double> values)
    {
        long[] ticks = new long[values.Length];
        for (int row = 0; row < values.Length; row++)
        {
            double scaled = Math.Round(values[row] * SegmentFormat.Ticks);
            if (!(Math.Abs(scaled) < 1L << 53))
                return null;
            ticks[row] = (long)scaled;
            if (BitConverter.DoubleToInt64Bits(ticks[row] / SegmentFormat.Ticks) != BitConverter.DoubleToInt64Bits(values[row]))
                return null;
        }

        return ticks;
    }

    private static byte[] Text(List<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    private byte[] Whole(List<SegmentSection> sections, MemoryStream data)
    {
        var header = new SegmentHeader
        {
            First = SegmentFormat.FirstOf(segment), Events = Count, Steps = _table.Count, Total = BucketRecord.Of(_total),
            Sections = sections,
        };
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header, SegmentJson.Default.SegmentHeader);
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return [.. SegmentFormat.Magic, .. length, .. text, .. SHA256.HashData(text), .. data.ToArray()];
    }
}
