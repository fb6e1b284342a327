using System.Buffers.Binary;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>
/// Looks at the sizes that the messages of an Arrow stream give for themselves, before Apache.Arrow allocates as much: an IPC message is
/// 0xFFFFFFFF (older ones have none), the size of its metadata, the metadata, and a body whose size they have.
/// </summary>
internal static class ArrowMessages
{
    private const int Continuation = -1;
    private const int LargestMetadata = 16 << 20;
    private const string Expected = "messages that end within the file";

    /// <summary>Checks all messages from the stream's position on, and returns to it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="end">Where the messages end.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="TableFormatException">One does not fit into the file.</exception>
    public static void Check(FileStream stream, long end, string path)
    {
        long begin = stream.Position, at = begin;
        var number = new byte[4];
        while (TryReadSize(out int size))
        {
            if (size == Continuation && !TryReadSize(out size))
                break;
            if (size == 0)
                break;
            if (size < 0 || size > Math.Min(LargestMetadata, end - at))
                throw Unfit($"a message of {size} bytes");
            var metadata = new byte[size];
            stream.ReadExactly(metadata);
            at += size;
            if (BodySize(metadata) is not { } body || body < 0 || body > end - at)
                throw Unfit("a message whose body does not end");
            stream.Position = at += body;
        }

        stream.Position = begin;

        bool TryReadSize(out int size)
        {
            int read = at > end - 4 ? 0 : stream.ReadAtLeast(number, 4, throwOnEndOfStream: false);
            size = BinaryPrimitives.ReadInt32LittleEndian(number);
            at += read;
            return read == 4;
        }

        TableFormatException Unfit(string found) => new($"{found} at byte {at} of {path}", Expected, "copy or write the file again");
    }

    // FlatBuffers: the root's place, then a table, which begins with the distance back to the places of its fields. Message has the fields
    // version, header type, header, size of the body.
    private static long? BodySize(ReadOnlySpan<byte> metadata)
    {
        const int BodyField = 3;
        if (!TryInt(metadata, 0, out int root) || !TryInt(metadata, root, out int back))
            return null;
        long places = (long)root - back, place = places + 4 + (2 * BodyField);
        if (places < 0 || places + 2 > metadata.Length)
            return null;
        int size = BinaryPrimitives.ReadUInt16LittleEndian(metadata[(int)places..]);
        if (4 + (2 * BodyField) + 2 > size)
            return 0;
        if (place + 2 > metadata.Length)
            return null;
        int field = BinaryPrimitives.ReadUInt16LittleEndian(metadata[(int)place..]);
        return field == 0 ? 0 : (long)root + field + 8 > metadata.Length ? null
            : BinaryPrimitives.ReadInt64LittleEndian(metadata[(root + field)..]);
    }

    private static bool TryInt(ReadOnlySpan<byte> bytes, int at, out int value)
    {
        value = 0;
        if (at < 0 || at > bytes.Length - 4)
            return false;
        value = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
        return true;
    }
}
