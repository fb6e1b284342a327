using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Npy;
using PureHDF;
using PureHDF.VOL.Native;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>Where the elements of a dataset lie.</summary>
/// <param name="dataset">The dataset.</param>
/// <param name="stream">What PureHDF reads from.</param>
/// <param name="name">Its name, for messages.</param>
/// <param name="type">The type of its elements.</param>
/// <param name="shape">Its shape.</param>
internal sealed class Hdf5Layout(NativeDataset dataset, Hdf5Stream stream, string name, NpyType type, long[] shape)
{
    // Of a header.
    private const int LargestCompact = 1 << 16;

    // Deflate turns a byte into 1,032 at most.
    private const long LargestRatio = 1032;

    /// <summary>The shape of the dataset.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>The elements in row-major order, and the place of the first one.</summary>
    /// <exception cref="ArrayContainerException">They lie elsewhere, are damaged, or packed in a way that is not read here.</exception>
    public (ArrayBytes Bytes, long Offset) Read(SafeFileHandle file, string path)
    {
        if (Internals.GetOrNull(dataset, "InternalExternalFileList") is not null
            || dataset.Layout.Class == H5DataLayoutClass.VirtualStorage)
        {
            throw new ArrayContainerException(
                $"{name}, whose values lie in other files", "values in this file", "copy them into one dataset");
        }

        Int128 bytes = shape.Aggregate((Int128)type.Size, (product, size) => product * size);
        switch (dataset.Layout.Class)
        {
            case H5DataLayoutClass.Compact:
                Check(bytes <= LargestCompact, $"{bytes} bytes of values in a header");
                byte[] values = dataset.Read<byte[]>();
                Check(values.Length == (int)bytes, $"{values.Length} bytes of values instead of {bytes}");
                var compact = new ScratchBytes(values.Length);
                compact.Write(0, values);
                return (compact, 0);
            case H5DataLayoutClass.Contiguous:
                long offset = Contiguous(file, bytes);
                return (new FileBytes(File.OpenHandle(path, options: FileOptions.RandomAccess), path), offset);
            default:
                CheckGrowth();
                IReadOnlyList<Hdf5Filter> filters = Hdf5Filter.Of(dataset, type.Size, name);
                Check(bytes <= (Int128)RandomAccess.GetLength(file) * (filters.Count == 0 ? 1 : LargestRatio),
                    $"{bytes} bytes of values, more than the file can hold: they are damaged, or most were never written");
                var index = new ChunkIndex(dataset, stream, name, shape, type.Size);
                var decoder = new ChunkDecoder(filters, index.Bytes) { ElementSize = type.Size };
                return (new ChunkedReading(index, decoder, file, path, shape, type.Size).Read(), 0);
        }
    }

    // PureHDF 2.2.0 finds other chunks, or none, where the one axis that grows is not the first.
    private void CheckGrowth()
    {
        ulong[] most = dataset.Space.MaxDimensions;
        if (Internals.Get<object>(dataset, "InternalDataLayout").GetType().Name == "DataLayoutMessage4"
            && most.Count(size => size == ulong.MaxValue) == 1 && most[0] != ulong.MaxValue)
        {
            throw new ArrayContainerException(
                $"{name}, whose chunks have an index of HDF5 1.10 along axis {Array.IndexOf(most, ulong.MaxValue) + 1}",
                "chunks that grow along the first axis, or along none",
                "write it without libver='latest', or without maxshape");
        }
    }

    private long Contiguous(SafeFileHandle file, Int128 bytes)
    {
        object message = Internals.Get<object>(dataset, "InternalDataLayout");
        object place = message.GetType().Name == "DataLayoutMessage12" ? message : Internals.Get<object>(message, "Properties");
        ulong address = Internals.Get<ulong>(place, "Address");
        if (ChunkIndex.IsUndefined(dataset, address))
            throw ChunkIndex.Unwritten(name, "all of them");
        if (!ReferenceEquals(place, message))
        {
            ulong stored = Internals.Get<ulong>(place, "Size");
            Check(stored == bytes, $"{stored} bytes of values instead of {bytes}");
        }

        Int128 from = (Int128)address + ChunkIndex.Base(dataset), end = from + bytes;
        Check(end <= RandomAccess.GetLength(file), $"values up to byte {end} of a file of {RandomAccess.GetLength(file)} bytes");
        return (long)from;
    }

    private void Check(bool isRight, string found)
    {
        if (!isRight)
            throw ChunkIndex.Damaged(name, found);
    }
}
