using System.Buffers.Binary;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>
/// A table of FlatBuffers, as far as sizes are wanted: it begins with the distance back to the places of its fields, which are counted from
/// its own.
/// </summary>
/// <param name="bytes">The bytes that the table lies in.</param>
/// <param name="at">Where it begins.</param>
internal readonly struct FlatTable(byte[] bytes, int at)
{
    /// <summary>The table that bytes begin with; null where they are none.</summary>
    public static FlatTable? Root(byte[] bytes) => new FlatTable(bytes, 0).TableAt(0);

    /// <summary>A whole number of a field of 8 bytes; 0 where it is not there, null where it leads out of the bytes.</summary>
    public long? Long(int field) => Place(field) is not { } place ? null
        : place == 0 ? 0
        : place > bytes.Length - 8 ? null
        : BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(place));

    /// <summary>Whether a field has a byte of a value; false where it is not there, or leads out of the bytes.</summary>
    public bool Is(int field, byte value) => Place(field) is > 0 and var place && place < bytes.Length && bytes[place] == value;

    /// <summary>The table that a field leads to; null where it is not there, or leads out of the bytes.</summary>
    public FlatTable? Table(int field) => Place(field) is > 0 and var place ? TableAt(place) : null;

    /// <summary>Whether a field's list of structures ends within the bytes, or is not there.</summary>
    /// <param name="field">The field.</param>
    /// <param name="size">The bytes of a structure.</param>
    public bool HasList(int field, int size)
    {
        if (Place(field) is not { } place)
            return false;
        if (place == 0)
            return true;
        return Int(place) is { } distance && (long)place + distance is var list && list <= bytes.Length - 4
            && Int((int)list) is >= 0 and var count && list + 4 + ((long)count * size) <= bytes.Length;
    }

    private FlatTable? TableAt(int place) =>
        Int(place) is > 0 and var distance && (long)place + distance <= bytes.Length - 4 ? new(bytes, place + distance) : null;

    // Where a field lies; 0 where it is not there, null where the table leads out of the bytes.
    private int? Place(int field)
    {
        if (Int(at) is not { } back)
            return null;
        long places = (long)at - back, place = places + 4 + (2 * field);
        if (places < 0 || places > bytes.Length - 4)
            return null;
        int size = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan((int)places));
        if (4 + (2 * field) + 2 > size)
            return 0;
        if (place > bytes.Length - 2)
            return null;
        int step = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan((int)place));
        return step == 0 ? 0 : at + step;
    }

    private int? Int(int place) =>
        place < 0 || place > bytes.Length - 4 ? null : BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(place));
}
