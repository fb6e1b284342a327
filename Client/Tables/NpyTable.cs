using System.Buffers.Binary;
using System.Text;

namespace Orleans.Tbptt.Client.Tables;

/// <summary>Writes a NumPy array of float32, row by row.</summary>
internal sealed class NpyTable<T> : IOutputTable<T>
{
    /// <summary>The extension of its files.</summary>
    public const string Extension = ".npy";

    private const int Alignment = 64;

    private readonly BufferedStream _file;
    private readonly Func<T, IReadOnlyList<double>> _values;

    /// <summary>Writes the header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shape">The array's axes; the last one is that of a row's values.</param>
    /// <param name="values">The values of a row, each a float32.</param>
    public NpyTable(string path, IReadOnlyList<long> shape, Func<T, IReadOnlyList<double>> values)
    {
        (_file, _values) = (new(File.Create(path), 1 << 16), values);
        string axes = string.Join(", ", shape) + (shape.Count == 1 ? "," : "");
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({axes}), }}";

        // Magic, version 1.0 and length take ten bytes; blanks and the end of a line fill the header up.
        int length = (((10 + header.Length + 1) + Alignment - 1) / Alignment * Alignment) - 10;
        _file.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, (byte)length, (byte)(length >> 8)]);
        _file.Write(Encoding.ASCII.GetBytes($"{header.PadRight(length - 1)}\n"));
    }

    /// <inheritdoc/>
    public void Add(T row)
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (double value in _values(row))
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
            _file.Write(bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
