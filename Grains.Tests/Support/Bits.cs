using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Equality of bits: no tolerance, and -0 is not 0.</summary>
internal static class Bits
{
    public static void Same(IEnumerable<double> expected, IEnumerable<double> actual) =>
        Assert.Equal(expected.Select(BitConverter.DoubleToInt64Bits), actual.Select(BitConverter.DoubleToInt64Bits));

    public static void Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) =>
        Assert.Equal(MemoryMarshal.Cast<float, int>(expected).ToArray(), MemoryMarshal.Cast<float, int>(actual).ToArray());
}
