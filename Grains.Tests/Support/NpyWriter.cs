using System.Runtime.InteropServices;
using System.Text;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Writes arrays as NumPy does, format 1.0, little-endian, C order.</summary>
internal static class NpyWriter
{
    public static void Write(string path, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) => Write(path, "<f4", values, shape);

    public static void Write(string path, ReadOnlySpan<long> values, params ReadOnlySpan<int> shape) => Write(path, "<i8", values, shape);

    private static void Write<T>(string path, string type, ReadOnlySpan<T> values, ReadOnlySpan<int> shape) where T : unmanaged
    {
        string tuple = shape.Length == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape.ToArray())})";
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {tuple}, }}";
        header = header.PadRight((10 + header.Length + 1 + 63) / 64 * 64 - 11) + "\n";
        using var file = File.Create(path);
        file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        file.Write(Encoding.ASCII.GetBytes(header));
        file.Write(MemoryMarshal.AsBytes(values));
    }
}
