using System.Runtime.InteropServices;
using System.Text;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Writes NPY files as <c>numpy.save</c> does.</summary>
internal static class NpyFiles
{
    public static byte[] Header(string descr, string shape, bool fortran = false, byte version = 1)
    {
        string text = $"{{'descr': {descr}, 'fortran_order': {(fortran ? "True" : "False")}, 'shape': ({shape}), }}";
        int prefix = version == 1 ? 10 : 12;
        text = text.PadRight(((prefix + text.Length + 1 + 63) / 64 * 64) - prefix - 1) + "\n";
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. Encoding.UTF8.GetBytes(text)];
    }

    public static byte[] Of<T>(string descr, string shape, params ReadOnlySpan<T> values)
        where T : unmanaged => [.. Header($"'{descr}'", shape), .. MemoryMarshal.AsBytes(values)];
}
