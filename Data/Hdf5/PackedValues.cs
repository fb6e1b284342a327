using System.Globalization;
using Orleans.Tbptt.Data.Npy;
using PureHDF;
using PureHDF.VOL.Native;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>
/// Datasets whose numbers stand for others by the conventions of NetCDF: the value is the stored number × scale_factor + add_offset, and
/// it is missing where the stored number is _FillValue or missing_value. HDF5 itself gives these attributes no meaning.
/// </summary>
internal static class PackedValues
{
    private static readonly (string Attribute, double Harmless)[] Conventions =
        [("scale_factor", 1), ("add_offset", 0), ("_FillValue", double.NaN), ("missing_value", double.NaN)];

    /// <summary>Refuses a dataset with one of these attributes, unless it changes nothing.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="path">The file.</param>
    /// <param name="name">The dataset, with the file, for messages.</param>
    /// <exception cref="ArrayContainerException">The values are not the numbers that are stored.</exception>
    public static void Refuse(NativeDataset dataset, string path, string name)
    {
        foreach (var (attribute, harmless) in Conventions)
        {
            if (!dataset.AttributeExists(attribute))
                continue;
            double? value = Value(dataset.Attribute(attribute));
            if (value?.Equals(harmless) == true)
                continue;
            string text = value is { } number ? $"of {number.ToString("R", CultureInfo.InvariantCulture)}"
                : "that is not one number in little-endian";
            throw new ArrayContainerException(
                $"the attribute {attribute} {text} at {name}, "
                    + (double.IsNaN(harmless) ? "which stands for missing values"
                        : "which makes other values of the numbers that are stored"),
                "values that are stored as they are, NaN for missing ones",
                $"save the values as float32, in Python: {Conversion(path, name[(path.Length + 1)..^1])}");
        }
    }

    private static string Conversion(string path, string dataset)
    {
        string key = Quoted(dataset);
        return $"import h5py, numpy; d = h5py.File({Quoted(path)})[{key}]; a, v = d.attrs, d[...]; "
            + "missing = numpy.append(a.get('_FillValue', []), a.get('missing_value', [])).astype(v.dtype); "
            + "values = v * a.get('scale_factor', 1) + a.get('add_offset', 0); "
            + "values = numpy.where(numpy.isin(v, missing), numpy.nan, values); "
            + $"h5py.File('values.h5', 'a')[{key}] = values.astype('float32')";
    }

    private static string Quoted(string text) =>
        $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)}'";

    /// <summary>The value of an attribute of one number; null for anything else, and for big-endian, which PureHDF does not read.</summary>
    private static double? Value(IH5Attribute attribute)
    {
        try
        {
            return attribute.Space.Dimensions.Aggregate(1ul, (count, size) => count * size) == 1 ? Number(attribute) : null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return null;
        }
    }

    private static double? Number(IH5Attribute attribute)
    {
        return (attribute.Type.Class, attribute.Type.Size) switch
        {
            (H5DataTypeClass.FloatingPoint, 2) => (double)One<Half>(),
            (H5DataTypeClass.FloatingPoint, 4) => One<float>(),
            (H5DataTypeClass.FloatingPoint, 8) => One<double>(),
            (H5DataTypeClass.FixedPoint, 1) => attribute.Type.FixedPoint.IsSigned ? One<sbyte>() : One<byte>(),
            (H5DataTypeClass.FixedPoint, 2) => attribute.Type.FixedPoint.IsSigned ? One<short>() : One<ushort>(),
            (H5DataTypeClass.FixedPoint, 4) => attribute.Type.FixedPoint.IsSigned ? One<int>() : One<uint>(),
            (H5DataTypeClass.FixedPoint, 8) => attribute.Type.FixedPoint.IsSigned ? One<long>() : One<ulong>(),
            _ => null,
        };

        T One<T>()
            where T : unmanaged => attribute.Space.Dimensions.Length == 0 ? attribute.Read<T>() : attribute.Read<T[]>()[0];
    }
}
