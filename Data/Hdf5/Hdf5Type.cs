using Orleans.Tbptt.Data.Npy;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>The types of elements that are read: those of NumPy, in either byte order, and enumerations as their numbers.</summary>
internal static class Hdf5Type
{
    private const string Expected = "float16 to float64, int8 to int64, uint8 to uint64, bool or an enumeration";

    /// <summary>The type of a dataset's elements.</summary>
    /// <param name="message">PureHDF's <c>DatatypeMessage</c>.</param>
    /// <param name="name">The dataset, for messages.</param>
    /// <exception cref="ArrayContainerException">It is no type of numbers, or none of these.</exception>
    public static NpyType Of(object message, string name)
    {
        int size = checked((int)Internals.Get<uint>(message, "Size"));
        object bits = Internals.Get<object>(message, "BitField");
        Array properties = Internals.Get<Array>(message, "Properties");
        switch ($"{Internals.Get<object>(message, "Class")}")
        {
            case "FixedPoint":
                return Whole(size, bits, properties.GetValue(0)!) ?? throw Refused(
                    name, $"whole numbers of {8 * size} bits, not all of which count, or of another order of bytes",
                    "save dataset[...].astype('int64')");
            case "FloatingPoint":
                return Float(size, bits, properties.GetValue(0)!, name);
            case "Enumerated":
                return Enumeration(properties.GetValue(0)!, name);
            case "Compound":
                bool isComplex = properties.Length == 2
                    && properties.Cast<object>().Select(member => Internals.Get<string>(member, "Name")).SequenceEqual(["r", "i"]);
                throw isComplex ? Refused(name, "complex numbers", "save real and imaginary parts as two features")
                    : Refused(name, "structures", "save one field: file['x'] = dataset['FIELD']");
            case "String":
                throw Texts(name);
            case "VariableLength":
                if ($"{Internals.Get<object>(bits, "Type")}" == "String")
                    throw Texts(name);
                throw Refused(name, "sequences of unlike lengths", "pad them to one length, and save the lengths as a further dataset");
            case var other:
                throw Refused(name, $"elements of class {other}", "save numbers");
        }
    }

    private static NpyType? Whole(int size, object bits, object property)
    {
        if (size is not (1 or 2 or 4 or 8) || Internals.Get<ushort>(property, "BitOffset") != 0
            || Internals.Get<ushort>(property, "BitPrecision") != 8 * size || IsBigEndian(bits) is not { } isBig)
        {
            return null;
        }

        return new(Internals.Get<bool>(bits, "IsSigned") ? NumberKind.Signed : NumberKind.Unsigned, size, isBig && size > 1);
    }

    private static NpyType Float(int size, object bits, object property, string name)
    {
        (int Size, int ExponentAt, int Exponent, int MantissaAt, int Mantissa, uint Bias) found = (size,
            Internals.Get<byte>(property, "ExponentLocation"), Internals.Get<byte>(property, "ExponentSize"),
            Internals.Get<byte>(property, "MantissaLocation"), Internals.Get<byte>(property, "MantissaSize"),
            Internals.Get<uint>(property, "ExponentBias"));
        bool isPlain = found is (2, 10, 5, 0, 10, 15) or (4, 23, 8, 0, 23, 127) or (8, 52, 11, 0, 52, 1023)
            && Internals.Get<ushort>(property, "BitOffset") == 0 && Internals.Get<ushort>(property, "BitPrecision") == 8 * size
            && Internals.Get<byte>(bits, "SignLocation") == (8 * size) - 1
            && $"{Internals.Get<object>(bits, "MantissaNormalization")}" == "MsbIsNotStoredButImplied";
        if (isPlain && IsBigEndian(bits) is { } isBig)
            return new(NumberKind.Float, size, isBig);
        throw Refused(
            name, found is (2, 7, 8, 0, 7, 127) ? "elements of type bfloat16" : $"floating-point numbers of {8 * size} bits that are not "
                + "float16, float32 or float64", "save dataset[...].astype('float32')");
    }

    // h5py writes bool as an enumeration of FALSE and TRUE.
    private static NpyType Enumeration(object property, string name)
    {
        NpyType type = Of(Internals.Get<object>(property, "BaseType"), name);
        bool isFlag = type.Size == 1 && Internals.Get<string[]>(property, "Names").SequenceEqual(["FALSE", "TRUE"])
            && Internals.Get<byte[][]>(property, "Values") is [[0], [1]];
        return isFlag ? new(NumberKind.Boolean, 1) : type;
    }

    private static bool? IsBigEndian(object bits) => $"{Internals.Get<object>(bits, "ByteOrder")}" switch
    {
        "LittleEndian" => false,
        "BigEndian" => true,
        _ => null,
    };

    private static ArrayContainerException Texts(string name) => Refused(
        name, "texts", "save numbers of the texts, such as numpy.unique(texts, return_inverse=True)[1]");

    private static ArrayContainerException Refused(string name, string found, string remedy) =>
        new($"{found} in {name}", Expected, remedy);
}
