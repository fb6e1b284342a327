namespace Orleans.Tbptt.Data.Parquet;

/// <summary>A text of Thrift's compact protocol ends too soon.</summary>
internal sealed class ThriftEndException() : Exception("it ends too soon");

/// <summary>
/// Reads the structures of Parquet, which Thrift's compact protocol writes, as far as sizes are wanted; the rest is passed over. No list or
/// text can be longer than the bytes that are left.
/// </summary>
/// <param name="bytes">The bytes; they may go on behind the structure.</param>
internal sealed class ThriftReader(ReadOnlyMemory<byte> bytes)
{
    private const int DeepestNesting = 32;

    private int _depth;

    /// <summary>The types that fields and elements have.</summary>
    public enum Kind
    {
        /// <summary>The end of a structure.</summary>
        Stop,

        /// <summary>A field that is true.</summary>
        True,

        /// <summary>A field that is false.</summary>
        False,

        /// <summary>One byte.</summary>
        Byte,

        /// <summary>A whole number of 16 bits.</summary>
        Short,

        /// <summary>A whole number of 32 bits.</summary>
        Int,

        /// <summary>A whole number of 64 bits.</summary>
        Long,

        /// <summary>A number of 8 bytes.</summary>
        Double,

        /// <summary>A text, or bytes.</summary>
        Binary,

        /// <summary>A list.</summary>
        List,

        /// <summary>A set.</summary>
        Set,

        /// <summary>A map.</summary>
        Map,

        /// <summary>A structure.</summary>
        Struct,

        /// <summary>16 bytes.</summary>
        Uuid,
    }

    /// <summary>How many bytes were read.</summary>
    public int At { get; private set; }

    private int Left => bytes.Length - At;

    /// <summary>Reads a structure.</summary>
    /// <param name="field">Called with the number and the type of each field; reads it, or returns false to have it passed over.</param>
    /// <exception cref="ThriftEndException">The bytes end before the structure.</exception>
    /// <exception cref="InvalidDataException">They are none.</exception>
    public void Struct(Func<int, Kind, bool> field)
    {
        if (++_depth > DeepestNesting)
            throw new InvalidDataException("structures in structures without end");
        int id = 0;
        while (Byte() is not 0 and var head)
        {
            var kind = (Kind)(head & 15);
            id = head >> 4 is not 0 and var step ? id + step : (short)Long();
            if (!field(id, kind))
                Skip(kind, isField: true);
        }

        _depth--;
    }

    /// <summary>Reads a list.</summary>
    /// <param name="element">Called for each element with its type; reads it, or returns false to have it passed over.</param>
    public void List(Func<Kind, bool> element)
    {
        byte head = Byte();
        var kind = (Kind)(head & 15);
        long count = head >> 4 is not 15 and var few ? few : Varint();
        for (CheckCount(count); count > 0; count--)
        {
            if (!element(kind))
                Skip(kind, isField: false);
        }
    }

    /// <summary>Reads a whole number.</summary>
    public long Long()
    {
        long zigzag = Varint();
        return (long)((ulong)zigzag >> 1) ^ -(zigzag & 1);
    }

    private void Skip(Kind kind, bool isField)
    {
        switch (kind)
        {
            case Kind.True or Kind.False:
                if (!isField)
                    Byte();
                break;
            case Kind.Byte:
                Byte();
                break;
            case Kind.Short or Kind.Int or Kind.Long:
                Varint();
                break;
            case Kind.Double:
                Advance(8);
                break;
            case Kind.Binary:
                Advance(Varint());
                break;
            case Kind.List or Kind.Set:
                List(_ => false);
                break;
            case Kind.Map:
                SkipMap();
                break;
            case Kind.Struct:
                Struct((_, _) => false);
                break;
            case Kind.Uuid:
                Advance(16);
                break;
            default:
                throw new InvalidDataException($"a field of type {kind:d}");
        }
    }

    private void SkipMap()
    {
        long count = Varint();
        CheckCount(count);
        if (count == 0)
            return;
        byte kinds = Byte();
        for (; count > 0; count--)
        {
            Skip((Kind)(kinds >> 4), isField: false);
            Skip((Kind)(kinds & 15), isField: false);
        }
    }

    // An element has a byte at least.
    private void CheckCount(long count)
    {
        if (count < 0 || count > int.MaxValue)
            throw new InvalidDataException($"a list of {(ulong)count}");
        if (count > Left)
            throw new ThriftEndException();
    }

    private byte Byte()
    {
        if (Left < 1)
            throw new ThriftEndException();
        return bytes.Span[At++];
    }

    private void Advance(long count)
    {
        if (count < 0 || count > Left)
            throw count is < 0 or > int.MaxValue ? new InvalidDataException($"a text of {(ulong)count} bytes") : new ThriftEndException();
        At += (int)count;
    }

    private long Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return (long)value;
        }

        throw new InvalidDataException("a number of more than 64 bits");
    }
}
