using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>What a record says of its stream.</summary>
internal enum RecordKind : byte
{
    /// <summary>Further rows, and the hidden state after them.</summary>
    Rows = 1,

    /// <summary>All rows that are kept, and the hidden state: the records before it are not needed.</summary>
    Whole = 2,

    /// <summary>The stream was forgotten.</summary>
    Forgotten = 3,
}

/// <summary>The head of a record: what the index holds.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Key">The stream.</param>
/// <param name="Epoch"><see cref="StreamState.Epoch"/>.</param>
/// <param name="First">The number of the first row in it.</param>
/// <param name="Last"><see cref="StreamState.Last"/>.</param>
/// <param name="Ticks"><see cref="StreamState.TakenAt"/>, in ticks of UTC.</param>
internal readonly record struct RecordHead(RecordKind Kind, string Key, long Epoch, long First, long Last, long Ticks);

/// <summary>
/// The bytes of a record of the log of streams; all numbers are little-endian:
/// <code>
/// length u32 │ crc32c u32 │ kind u8 │ epoch i64 │ first i64 │ last i64 │ ticks i64 │ key: u16, UTF-8
///                         │ version u128 │ columns u64 │ states u8 │ layers u16 │ units i32 │ [outputs i32] │ hidden f32 …
///                         │ rows i32 │ each: cells u32, bytes │ forecasts i32, f64 …
///                         │ carried i32, f64 …
/// </code>
/// There are outputs, and 128 is added to states, where h is shorter than the units. Length and checksum are of what follows them. A stream
/// that was forgotten has no line but the first; a record that ends before the last one carries nothing.
/// </summary>
internal static class StreamRecord
{
    /// <summary>The bytes before a record's content.</summary>
    public const int Prefix = 2 * sizeof(uint);

    /// <summary>The longest content that is taken for a record.</summary>
    public const int Longest = 1 << 28;

    private const byte Projected = 128;

    private const int FixedHead = 1 + (4 * sizeof(long)) + sizeof(ushort);

    /// <summary>Appends a record.</summary>
    /// <returns>Its length.</returns>
    public static int Write(ArrayBufferWriter<byte> to, RecordHead head, StreamState? state, IReadOnlyList<KeptRow> rows)
    {
        int start = to.WrittenCount;
        to.Advance(Clear(to.GetSpan(Prefix)[..Prefix]));
        int keyLength = Encoding.UTF8.GetByteCount(head.Key);
        var fixedPart = to.GetSpan(FixedHead + keyLength);
        fixedPart[0] = (byte)head.Kind;
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart[1..], head.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart[9..], head.First);
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart[17..], head.Last);
        BinaryPrimitives.WriteInt64LittleEndian(fixedPart[25..], head.Ticks);
        BinaryPrimitives.WriteUInt16LittleEndian(fixedPart[33..], (ushort)keyLength);
        Encoding.UTF8.GetBytes(head.Key, fixedPart[FixedHead..]);
        to.Advance(FixedHead + keyLength);
        if (state is not null)
            WriteState(to, state, rows);
        var content = MemoryMarshal.AsMemory(to.WrittenMemory).Span[start..];
        BinaryPrimitives.WriteUInt32LittleEndian(content, (uint)(content.Length - Prefix));
        BinaryPrimitives.WriteUInt32LittleEndian(content[sizeof(uint)..], Checksum(content[Prefix..]));
        return content.Length;
    }

    /// <summary>The length of the record that some bytes begin with, prefix included; 0 where there is no whole one.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Prefix || BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var length && length is < FixedHead or > Longest
            || bytes.Length - Prefix < length)
            return 0;
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[sizeof(uint)..]);
        return Checksum(bytes.Slice(Prefix, (int)length)) == checksum ? Prefix + (int)length : 0;
    }

    /// <summary>The head of a whole record.</summary>
    public static RecordHead ReadHead(ReadOnlySpan<byte> record)
    {
        var content = record[Prefix..];
        int keyLength = BinaryPrimitives.ReadUInt16LittleEndian(content[33..]);
        return new(
            (RecordKind)content[0], Encoding.UTF8.GetString(content.Slice(FixedHead, keyLength)),
            BinaryPrimitives.ReadInt64LittleEndian(content[1..]), BinaryPrimitives.ReadInt64LittleEndian(content[9..]),
            BinaryPrimitives.ReadInt64LittleEndian(content[17..]), BinaryPrimitives.ReadInt64LittleEndian(content[25..]));
    }

    /// <summary>The state that a whole record has, with the rows in it.</summary>
    public static StreamState ReadState(ReadOnlySpan<byte> record)
    {
        var head = ReadHead(record);
        var at = record[(Prefix + FixedHead + Encoding.UTF8.GetByteCount(head.Key))..];
        var version = BinaryPrimitives.ReadUInt128LittleEndian(at);
        ulong columns = BinaryPrimitives.ReadUInt64LittleEndian(at[16..]);
        int states = at[24] & ~Projected, layers = BinaryPrimitives.ReadUInt16LittleEndian(at[25..]);
        int units = BinaryPrimitives.ReadInt32LittleEndian(at[27..]);
        bool isProjected = (at[24] & Projected) != 0;
        var shape = new HiddenShape(states, layers, units, isProjected ? BinaryPrimitives.ReadInt32LittleEndian(at[31..]) : units);
        at = at[(isProjected ? 35 : 31)..];
        float[] hidden = new float[shape.Length];
        at[..(hidden.Length * sizeof(float))].CopyTo(MemoryMarshal.AsBytes(hidden.AsSpan()));
        at = at[(hidden.Length * sizeof(float))..];
        var kept = new KeptRow[BinaryPrimitives.ReadInt32LittleEndian(at)];
        at = at[sizeof(int)..];
        for (int i = 0; i < kept.Length; i++)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(at);
            byte[] cells = at.Slice(sizeof(int), length).ToArray();
            at = at[(sizeof(int) + length)..];
            double[] forecasts = new double[BinaryPrimitives.ReadInt32LittleEndian(at)];
            at.Slice(sizeof(int), forecasts.Length * sizeof(double)).CopyTo(MemoryMarshal.AsBytes(forecasts.AsSpan()));
            at = at[(sizeof(int) + (forecasts.Length * sizeof(double)))..];
            kept[i] = new(head.First + i, cells, forecasts);
        }

        double[] carried = at.IsEmpty ? [] : new double[BinaryPrimitives.ReadInt32LittleEndian(at)];
        if (carried.Length > 0)
            at.Slice(sizeof(int), carried.Length * sizeof(double)).CopyTo(MemoryMarshal.AsBytes(carried.AsSpan()));

        return new()
        {
            Epoch = head.Epoch, Last = head.Last, TakenAt = new(head.Ticks, TimeSpan.Zero), Version = version,
            Columns = columns, Shape = shape, Hidden = hidden, Carried = carried, Kept = kept,
        };
    }

    private static void WriteState(ArrayBufferWriter<byte> to, StreamState state, IReadOnlyList<KeptRow> rows)
    {
        const int ShapeBytes = 16 + sizeof(ulong) + 1 + sizeof(ushort) + sizeof(int);
        var shape = to.GetSpan(ShapeBytes);
        BinaryPrimitives.WriteUInt128LittleEndian(shape, state.Version);
        BinaryPrimitives.WriteUInt64LittleEndian(shape[16..], state.Columns);
        bool isProjected = state.Shape.Outputs != state.Shape.Units;
        shape[24] = (byte)(state.Shape.States | (isProjected ? Projected : 0));
        BinaryPrimitives.WriteUInt16LittleEndian(shape[25..], checked((ushort)state.Shape.Layers));
        BinaryPrimitives.WriteInt32LittleEndian(shape[27..], state.Shape.Units);
        to.Advance(ShapeBytes);
        if (isProjected)
            WriteInt(to, state.Shape.Outputs);
        to.Write(MemoryMarshal.AsBytes(state.Hidden.AsSpan()));
        WriteInt(to, rows.Count);
        foreach (var row in rows)
        {
            WriteInt(to, row.Cells.Length);
            to.Write(row.Cells);
            WriteInt(to, row.Forecasts.Length);
            to.Write(MemoryMarshal.AsBytes(row.Forecasts.AsSpan()));
        }

        WriteInt(to, state.Carried.Length);
        to.Write(MemoryMarshal.AsBytes(state.Carried.AsSpan()));
    }

    private static void WriteInt(ArrayBufferWriter<byte> to, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(sizeof(int)), value);
        to.Advance(sizeof(int));
    }

    private static int Clear(Span<byte> bytes)
    {
        bytes.Clear();
        return bytes.Length;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint checksum = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            checksum = BitOperations.Crc32C(checksum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte one in bytes)
            checksum = BitOperations.Crc32C(checksum, one);
        return ~checksum;
    }
}
