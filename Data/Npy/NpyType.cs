namespace Orleans.Tbptt.Data.Npy;

/// <summary>What the numbers of an array are.</summary>
internal enum NumberKind
{
    /// <summary>IEEE 754 of 2, 4 or 8 bytes.</summary>
    Float,

    /// <summary>Whole numbers of 1 to 8 bytes in two's complement.</summary>
    Signed,

    /// <summary>Whole numbers of 1 to 8 bytes from 0 on.</summary>
    Unsigned,

    /// <summary>One byte, 0 for false.</summary>
    Boolean,
}

/// <summary>The type of an element.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="IsBigEndian">Whether its first byte is the most significant.</param>
internal readonly record struct NpyType(NumberKind Kind, int Size, bool IsBigEndian = false)
{
    /// <summary>Whether it is whole: a token, a class or a count.</summary>
    public bool IsInteger => Kind != NumberKind.Float;

    /// <summary>Reads NumPy's notation, such as <c>&lt;f4</c>; null for what is no number, or none of these.</summary>
    public static NpyType? TryParse(string descr)
    {
        if (descr.Length != 3 || !"<>|=".Contains(descr[0]) || !char.IsAsciiDigit(descr[2]))
            return null;
        (char kind, int size) = (descr[1], descr[2] - '0');
        bool isBig = descr[0] == '>';
        return (kind, size) switch
        {
            ('f', 2 or 4 or 8) => new(NumberKind.Float, size, isBig),
            ('i', 1 or 2 or 4 or 8) => new(NumberKind.Signed, size, isBig && size > 1),
            ('u', 1 or 2 or 4 or 8) => new(NumberKind.Unsigned, size, isBig && size > 1),
            ('b', 1) => new(NumberKind.Boolean, 1),
            _ => null,
        };
    }

    /// <summary>NumPy's name, such as <c>float32</c>.</summary>
    public override string ToString() => Kind switch
    {
        NumberKind.Float => $"float{8 * Size}",
        NumberKind.Signed => $"int{8 * Size}",
        NumberKind.Unsigned => $"uint{8 * Size}",
        _ => "bool",
    };
}
