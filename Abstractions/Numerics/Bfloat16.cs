using System.Numerics;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Numerics;

/// <summary>
/// bfloat16: the upper half of a float32, with its range and 8 bits of precision. Numbers stay float32 here, rounded to values that the
/// upper half holds.
/// </summary>
/// <remarks>Integer operations, element by element: the same bits whatever the width of the machine's vectors.</remarks>
public static class Bfloat16
{
    private const uint Upper = 0xFFFF0000;
    private const uint Exponent = 0x7F800000;
    private const uint Quiet = 0x00400000;

    /// <summary>Rounds to the nearest bfloat16, ties to even. Infinities stay, NaN stays NaN.</summary>
    /// <param name="source">The numbers.</param>
    /// <param name="destination">Takes the rounded ones, as long; may be the source.</param>
    public static void Round(ReadOnlySpan<float> source, Span<float> destination)
    {
        var from = MemoryMarshal.Cast<float, uint>(source);
        var to = MemoryMarshal.Cast<float, uint>(destination);
        int i = 0;
        for (; i <= from.Length - Vector<uint>.Count; i += Vector<uint>.Count)
            Nearest(new Vector<uint>(from[i..])).CopyTo(to[i..]);
        for (; i < from.Length; i++)
            to[i] = Nearest(from[i]);
    }

    /// <summary>
    /// Rounds stochastically: up or down with a probability in proportion to how near each neighbour is, so that the mean of many roundings
    /// is the number itself. The random bits are a hash of key and place (the finalizer of MurmurHash3, Appleby, 2011).
    /// </summary>
    /// <param name="values">The numbers, rounded in place.</param>
    /// <param name="key">Names the roundings: other keys round otherwise.</param>
    public static void RoundStochastically(Span<float> values, ulong key)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        uint low = (uint)key, high = (uint)(key >> 32);
        int i = 0;
        var place = Vector<uint>.Indices;
        for (; i <= bits.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            var hash = (place + new Vector<uint>((uint)i)) * 0x9E3779B1u + new Vector<uint>(low);
            hash = (hash ^ (hash >> 16)) * 0x85EBCA6Bu;
            hash ^= new Vector<uint>(high);
            hash = (hash ^ (hash >> 13)) * 0xC2B2AE35u;
            hash ^= hash >> 16;
            var old = new Vector<uint>(bits[i..]);
            Kept(old, old + (hash & new Vector<uint>(0xFFFF))).CopyTo(bits[i..]);
        }

        for (; i < bits.Length; i++)
        {
            uint hash = unchecked((uint)i * 0x9E3779B1u + low);
            hash = unchecked((hash ^ (hash >> 16)) * 0x85EBCA6Bu) ^ high;
            hash = unchecked((hash ^ (hash >> 13)) * 0xC2B2AE35u);
            hash ^= hash >> 16;
            bits[i] = Kept(bits[i], bits[i] + (hash & 0xFFFF));
        }
    }

    /// <summary>
    /// Rounds as <see cref="Round(ReadOnlySpan{float}, Span{float})"/> does, and takes the upper halves. Of a bfloat16 nothing is lost.
    /// </summary>
    /// <param name="values">The numbers.</param>
    /// <param name="halves">Takes their upper halves, as long.</param>
    public static void Narrow(ReadOnlySpan<float> values, Span<ushort> halves)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0;
        for (; i <= bits.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            var (lower, upper) = (Nearest(new Vector<uint>(bits[i..])), Nearest(new Vector<uint>(bits[(i + Vector<uint>.Count)..])));
            Vector.Narrow(lower >> 16, upper >> 16).CopyTo(halves[i..]);
        }

        for (; i < bits.Length; i++)
            halves[i] = (ushort)(Nearest(bits[i]) >> 16);
    }

    /// <summary>Makes numbers of upper halves.</summary>
    /// <param name="halves">The halves; may be the last ones of the destination's own memory.</param>
    /// <param name="values">Takes the numbers, as long.</param>
    public static void Widen(ReadOnlySpan<ushort> halves, Span<float> values)
    {
        var bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0;
        for (; i <= halves.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(halves[i..]), out var lower, out var upper);
            (lower << 16).CopyTo(bits[i..]);
            (upper << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < halves.Length; i++)
            bits[i] = (uint)halves[i] << 16;
    }

    /// <summary>Ties to even.</summary>
    private static Vector<uint> Nearest(Vector<uint> bits) =>
        Kept(bits, bits + new Vector<uint>(0x7FFF) + ((bits >> 16) & Vector<uint>.One));

    private static uint Nearest(uint bits) => Kept(bits, bits + 0x7FFF + ((bits >> 16) & 1));

    /// <summary>Infinities and NaN stay: they have no neighbours to be rounded to.</summary>
    private static Vector<uint> Kept(Vector<uint> old, Vector<uint> rounded)
    {
        var exponent = new Vector<uint>(Exponent);
        var isFinite = ~Vector.Equals(old & exponent, exponent);
        var isNaN = Vector.GreaterThan(old & new Vector<uint>(0x7FFFFFFF), exponent);
        return Vector.ConditionalSelect(isFinite, rounded, old | (isNaN & new Vector<uint>(Quiet))) & new Vector<uint>(Upper);
    }

    private static uint Kept(uint old, uint rounded) =>
        ((old & Exponent) != Exponent ? rounded : (old & 0x7FFFFFFF) > Exponent ? old | Quiet : old) & Upper;
}
