using System.Buffers.Binary;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>
/// Looks at the sizes that the messages of an Arrow stream give for themselves, before Apache.Arrow allocates as much: an IPC message is
/// 0xFFFFFFFF (older ones have none), the size of its metadata, the metadata, and a body whose size they have.
/// </summary>
internal static class ArrowMessages
{
    /// <summary>What stands before the size of a message.</summary>
    public const int Continuation = -1;

    /// <summary>The bytes of the largest message without its body.</summary>
    public const int LargestMetadata = 16 << 20;

    // Of Message, whose header is one of several tables.
    private const int HeaderTypeField = 1;
    private const int HeaderField = 2;
    private const int BodyField = 3;
    private const byte DictionaryBatch = 2;
    private const byte RecordBatch = 3;

    // Of DictionaryBatch, and of RecordBatch: a column's length and count of missing values, and a buffer's place and length.
    private const int DataField = 1;
    private const int NodesField = 1;
    private const int BuffersField = 2;
    private const int VariadicField = 4;
    private const int PartBytes = 16;

    private const string Expected = "messages that end within the file";

    /// <summary>Checks all messages from the stream's position on, and returns to it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="end">Where the messages end.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="TableFormatException">One does not fit into the file.</exception>
    public static void Check(FileStream stream, long end, string path)
    {
        long begin = stream.Position, at = begin;
        bool isSchema = true;
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
            if (FlatTable.Root(metadata) is not { } message || message.Long(BodyField) is not { } body || body < 0 || body > end - at)
                throw Unfit("a message whose body does not end");

            // Apache.Arrow reads the next message behind the metadata of the schema, whatever they say of a body.
            if (isSchema && body > 0)
                throw Unfit($"a schema with a body of {body} bytes");
            if (!HasSoundLists(message))
                throw Unfit("a message with more parts than it has room for");
            (stream.Position, isSchema) = (at += body, false);
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

    // Apache.Arrow makes room for as many columns as a batch says it has.
    private static bool HasSoundLists(FlatTable message)
    {
        if (message.Table(HeaderField) is not { } header)
            return true;
        if (message.Is(HeaderTypeField, DictionaryBatch))
            return header.Table(DataField) is not { } data || HasSoundParts(data);
        return !message.Is(HeaderTypeField, RecordBatch) || HasSoundParts(header);
    }

    private static bool HasSoundParts(FlatTable batch) =>
        batch.HasList(NodesField, PartBytes) && batch.HasList(BuffersField, PartBytes) && batch.HasList(VariadicField, sizeof(long));
}
