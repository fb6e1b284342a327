using System.Buffers.Binary;
using System.Text;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// A row as bytes, equal where its cells are: the numbers as little-endian float64, then the texts in UTF-8, each behind its length, which
/// is -1 for none.
/// </summary>
internal static class RowCells
{
    /// <summary>The bytes of a row.</summary>
    public static byte[] Of(StreamRow row)
    {
        int length = row.Numbers.Length * sizeof(double);
        foreach (string? text in row.Texts)
            length += sizeof(int) + (text is null ? 0 : Encoding.UTF8.GetByteCount(text));
        var cells = new byte[length];
        int at = 0;
        foreach (double number in row.Numbers)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(cells.AsSpan(at), double.IsNaN(number) ? double.NaN : number);
            at += sizeof(double);
        }

        foreach (string? text in row.Texts)
        {
            int bytes = text is null ? -1 : Encoding.UTF8.GetBytes(text, cells.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32LittleEndian(cells.AsSpan(at), bytes);
            at += sizeof(int) + Math.Max(0, bytes);
        }

        return cells;
    }

    /// <summary>The row of some bytes; null where they are those of a row with other numbers of columns.</summary>
    public static StreamRow? Read(ReadOnlySpan<byte> cells, int numbers, int texts)
    {
        if (cells.Length < numbers * sizeof(double))
            return null;
        var row = new StreamRow(new double[numbers], new string?[texts]);
        for (int i = 0; i < numbers; i++, cells = cells[sizeof(double)..])
            row.Numbers[i] = BinaryPrimitives.ReadDoubleLittleEndian(cells);
        for (int i = 0; i < texts; i++)
        {
            if (cells.Length < sizeof(int))
                return null;
            int length = BinaryPrimitives.ReadInt32LittleEndian(cells);
            if (length > cells.Length - sizeof(int))
                return null;
            cells = cells[sizeof(int)..];
            row.Texts[i] = length < 0 ? null : Encoding.UTF8.GetString(cells[..length]);
            cells = cells[Math.Max(0, length)..];
        }

        return cells.IsEmpty ? row : null;
    }
}
