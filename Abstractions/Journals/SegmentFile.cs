using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>A segment of a journal: events that do not change any more. Every section is verified when it is read.</summary>
internal sealed class SegmentFile : IDisposable
{
    private const int LargestHeader = 1 << 20;
    private readonly FileStream _file;
    private readonly long _data;

    private SegmentFile(FileStream file, SegmentHeader header, long data) => (_file, Header, _data) = (file, header, data);

    /// <summary>What it says about itself.</summary>
    public SegmentHeader Header { get; }

    /// <summary>Opens a segment.</summary>
    /// <param name="journal">The journal's file.</param>
    /// <param name="segment">The segment, from 0.</param>
    /// <exception cref="DamagedSegmentException">It is damaged, or missing.</exception>
    public static SegmentFile Open(string journal, long segment)
    {
        string path = SegmentFormat.File(journal, segment);
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> start = stackalloc byte[SegmentFormat.Magic.Length + sizeof(int)];
            file.ReadExactly(start);
            int length = BinaryPrimitives.ReadInt32LittleEndian(start[SegmentFormat.Magic.Length..]);
            if (!start.StartsWith(SegmentFormat.Magic) || length is < 2 or > LargestHeader)
                throw new InvalidDataException("it does not begin as a segment");
            byte[] text = new byte[length], hash = new byte[SHA256.HashSizeInBytes];
            file.ReadExactly(text);
            file.ReadExactly(hash);
            if (!SHA256.HashData(text).AsSpan().SequenceEqual(hash))
                throw new InvalidDataException("its header has another SHA-256 than was written");
            var header = JsonSerializer.Deserialize(text, SegmentJson.Default.SegmentHeader)
                ?? throw new InvalidDataException("its header is null");
            if (header.First != SegmentFormat.FirstOf(segment) || header.Events != SegmentFormat.Events)
                throw new InvalidDataException($"it holds {header.Events} events from number {header.First} on, as another segment does");
            return new(file, header, file.Position);
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            file?.Dispose();
            throw new DamagedSegmentException(path, exception);
        }
    }

    /// <summary>All of its steps together.</summary>
    public StepBucket Total() => Read(() =>
    {
        var total = new StepBucket();
        Header.Total.CopyTo(total);
        return total;
    });

    /// <summary>Its blocks of steps, in order.</summary>
    /// <exception cref="DamagedSegmentException">They are damaged.</exception>
    public IReadOnlyList<StepBucket> Blocks() => Read(() =>
    {
        long[] fields = Column(SegmentFormat.Blocks);
        int blocks = fields.Length / (SegmentFormat.BlockFields + SegmentFormat.SpreadFields * StepBucket.Metrics);
        return (IReadOnlyList<StepBucket>)[.. Enumerable.Range(0, blocks).Select(block => Block(fields, blocks, block))];
    });

    /// <summary>Its steps.</summary>
    /// <exception cref="DamagedSegmentException">They are damaged.</exception>
    public StepTable Steps() => Read(() =>
    {
        byte[] kinds = Kinds();
        long first = Header.First;
        long[] numbers = [.. Enumerable.Range(0, kinds.Length).Where(i => kinds[i] != SegmentFormat.OtherEvent).Select(i => first + i)];
        return new StepTable(numbers, Column("step"), Column("time"), [.. SegmentFormat.Doubles.Select(Doubles)]);
    });

    /// <summary>The lines of its events that are not steps, each with its line end.</summary>
    /// <exception cref="DamagedSegmentException">They are damaged.</exception>
    public byte[] Others() => Read(() => Text(SegmentFormat.Others));

    /// <summary>The lines of all of its events.</summary>
    /// <exception cref="DamagedSegmentException">It is damaged.</exception>
    public SegmentLines Lines() => Read(() => new SegmentLines(
        Kinds(), [.. SegmentFormat.Integers.Select(Column)], Hashes(), Steps(), Split(SegmentFormat.Others),
        Split(SegmentFormat.Verbatim)));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private long[] Hashes() => Has(SegmentFormat.Hashes) ? Column(SegmentFormat.Hashes) : [];

    private bool Has(string name) => Header.Sections.Any(section => section.Name == name);

    private byte[] Kinds() => [.. Column(SegmentFormat.Kinds).Select(kind => (byte)kind)];

    private double[] Doubles(string name)
    {
        long[] column = Column(name);
        double scale = Section(name).Scale;
        return scale == 0 ? MemoryMarshal.Cast<long, double>(column.AsSpan()).ToArray() : [.. column.Select(value => value / scale)];
    }

    private long[] Column(string name)
    {
        var section = Section(name);
        return ColumnCodec.Decode(Bytes(section), section.Count, new(section.Order, section.Planes!));
    }

    private string[] Split(string name) => Encoding.UTF8.GetString(Text(name)).Split('\n')[..^1];

    private byte[] Text(string name)
    {
        var section = Section(name);
        byte[] text = new byte[section.Count];
        ColumnCodec.Decompress(Bytes(section), text);
        return text;
    }

    private SegmentSection Section(string name) => Header.Sections.FirstOrDefault(section => section.Name == name)
        ?? throw new InvalidDataException($"it has no section '{name}'");

    private byte[] Bytes(SegmentSection section)
    {
        byte[] bytes = new byte[section.Length];
        _file.Position = _data + section.Offset;
        _file.ReadExactly(bytes);
        return SegmentFormat.Hash(bytes) == section.Sha256 ? bytes
            : throw new InvalidDataException($"its section '{section.Name}' has another SHA-256 than was written");
    }

    private static StepBucket Block(long[] fields, int blocks, int block)
    {
        long Field(int field) => fields[field * blocks + block];
        double Number(int field) => BitConverter.Int64BitsToDouble(Field(field));
        var bucket = new StepBucket
        {
            First = Field(0), Step = Field(1), Number = Field(2), Time = new(Field(3), TimeSpan.Zero), Count = Field(4),
            Clipped = Field(5), LearningRate = Number(6),
        };
        for (int metric = 0; metric < StepBucket.Metrics; metric++)
        {
            int field = SegmentFormat.BlockFields + SegmentFormat.SpreadFields * metric;
            bucket[(StepMetric)metric] = new(Number(field), Number(field + 1), Number(field + 2), Field(field + 3));
        }

        return bucket;
    }

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new DamagedSegmentException(_file.Name, exception);
        }
    }

    /// <summary>Other faults of the disk pass: who reads tries again, and a run does not fail for good because of one.</summary>
    private static bool IsDamage(Exception exception) => exception is FileNotFoundException or DirectoryNotFoundException
        or EndOfStreamException or UnauthorizedAccessException or InvalidDataException or JsonException or ArgumentException
        or IndexOutOfRangeException;
}

/// <summary>The events of a segment, from which its lines are made as they were.</summary>
/// <param name="Kinds">The kind of each event.</param>
/// <param name="Integers">The columns of integers.</param>
/// <param name="Hashes">The hashes of the states after the steps; empty where no step has one.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Others">The lines of the other events.</param>
/// <param name="Verbatim">The lines of the steps that are kept as text.</param>
internal sealed record SegmentLines(
    byte[] Kinds, long[][] Integers, long[] Hashes, StepTable Steps, string[] Others, string[] Verbatim)
{
    /// <summary>The lines from an event on.</summary>
    /// <param name="from">The event, from 0.</param>
    /// <param name="limit">How many lines at most.</param>
    public IEnumerable<string> From(int from, int limit)
    {
        int others = 0, verbatim = 0, row = 0;
        for (int i = 0; i < from; i++)
        {
            if (Kinds[i] == SegmentFormat.OtherEvent)
                others++;
            else
                row++;
            if (Kinds[i] == SegmentFormat.VerbatimStep)
                verbatim++;
        }

        for (int i = from; i < Kinds.Length && limit-- > 0; i++)
        {
            yield return Kinds[i] switch
            {
                SegmentFormat.OtherEvent => Others[others++],
                SegmentFormat.VerbatimStep => Verbatim[verbatim++],
                _ => Step(row, Kinds[i]),
            };
            if (Kinds[i] != SegmentFormat.OtherEvent)
                row++;
        }
    }

    private string Step(int row, byte kind)
    {
        double Value(StepMetric metric) => Steps.Values[(int)metric][row];
        return RunJson.Write(new StepCommitted
        {
            Number = Steps.Numbers[row],
            Generation = (int)Integers[0][row],
            Time = new(Steps.Times[row], TimeSpan.Zero),
            Step = Steps.Steps[row],
            Epoch = (int)Integers[3][row],
            Loss = Value(StepMetric.Loss),
            GradientNorm = Value(StepMetric.GradientNorm),
            DifferenceNorm = (kind & SegmentFormat.WithDifference) != 0 ? Value(StepMetric.DifferenceNorm) : null,
            LearningRate = Value(StepMetric.LearningRate),
            Weight = Value(StepMetric.Weight),
            Seconds = Value(StepMetric.Seconds),
            StateHash = (kind & SegmentFormat.WithHash) != 0 ? new(unchecked((ulong)Hashes[row])) : null,
        });
    }
}

/// <summary>A segment of a journal is damaged or missing; the others can be read.</summary>
/// <param name="path">Its file.</param>
/// <param name="cause">What was found.</param>
internal sealed class DamagedSegmentException(string path, Exception cause)
    : IOException($"{path}: this segment of the journal cannot be read ({cause.Message}); put a copy of "
        + "the file back, until then its events are missing", cause);
