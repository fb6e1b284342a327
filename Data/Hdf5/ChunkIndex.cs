using System.Reflection;
using Orleans.Tbptt.Data.Npy;
using PureHDF.VOL.Native;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>A chunk of a dataset, as it lies in the file.</summary>
/// <param name="Address">Its first byte.</param>
/// <param name="Size">Its bytes there.</param>
/// <param name="SkippedFilters">Bit i is set where the dataset's filter i was not applied to this chunk.</param>
internal readonly record struct StoredChunk(long Address, int Size, uint SkippedFilters);

/// <summary>The places of a dataset's chunks, which PureHDF looks up in every kind of index that HDF5 has.</summary>
/// <remarks>
/// PureHDF 2.2.0 decodes chunks wrongly where a filter was skipped, because it tests another bit, and where a checksum is the only filter.
/// Therefore it finds chunks, and they are decoded here.
/// </remarks>
internal sealed class ChunkIndex
{
    private const int Largest = 32 << 20;
    private const long Most = 1L << 21;

    private readonly string _name;
    private readonly ulong _base;
    private readonly NativeDataset _dataset;
    private readonly Hdf5Stream _stream;
    private readonly object _chunks;
    private readonly MethodInfo _find;
    private readonly bool _isUnwritten;
    private readonly HashSet<long> _seen = [];

    /// <summary>Opens the index.</summary>
    /// <exception cref="ArrayContainerException">Chunks are too large or too many.</exception>
    public ChunkIndex(NativeDataset dataset, Hdf5Stream stream, string name, long[] shape, int elementSize)
    {
        (_dataset, _stream, _name, _base) = (dataset, stream, name, Base(dataset));
        ulong[] chunk = dataset.Layout.Chunks;
        if (chunk.Length != shape.Length || chunk.Any(size => size is 0 or > int.MaxValue))
            throw Damaged(name, $"chunks of shape [{string.Join(", ", chunk)}]");
        Chunk = [.. chunk.Select(size => (long)size)];
        Counts = [.. shape.Zip(Chunk, (size, part) => (size + part - 1) / part)];
        Int128 bytes = Chunk.Aggregate((Int128)elementSize, (product, size) => product * size);
        if (bytes > Largest)
        {
            throw new ArrayContainerException(
                $"{name} with chunks of {bytes} bytes", $"chunks of {Largest >> 20} MiB or less",
                "write it with smaller ones: create_dataset(..., chunks=True)");
        }

        Bytes = (int)bytes;
        Int128 count = Counts.Aggregate((Int128)1, (product, size) => product * size);
        if (count > Most)
        {
            throw new ArrayContainerException(
                $"{name} with {count} chunks", FormattableString.Invariant($"at most {Most:N0} chunks"),
                "write it with larger ones: create_dataset(..., chunks=True)");
        }

        object layout = Internals.Get<object>(dataset, "InternalDataLayout");
        object place = layout.GetType().Name == "DataLayoutMessage12" ? layout : Internals.Get<object>(layout, "Properties");
        _isUnwritten = IsUndefined(dataset, Internals.Get<ulong>(place, "Address"));
        object context = Internals.Get<object>(dataset, "Context");
        const BindingFlags Direct = BindingFlags.DoNotWrapExceptions;
        object info = Internals.TypeOf("DatasetInfo").GetConstructors()[0].Invoke(Direct, null,
        [
            Internals.Get<object>(dataset, "InternalDataspace"), Internals.Get<object>(dataset, "InternalDataType"), layout,
            Internals.Get<object>(dataset, "InternalFillValue"), Internals.GetOrNull(dataset, "InternalFilterPipeline"), null,
        ], null);
        Type type = Internals.TypeOf("H5D_Chunk");
        _chunks = Internals.Method(type, "Create").Invoke(
            null, Direct, null, [context, null, info, default(H5DatasetAccess), default(H5DatasetCreation)], null)!;
        Internals.Method(type, "Initialize").Invoke(_chunks, Direct, null, null, null);
        _find = Internals.Method(_chunks.GetType(), "GetReadChunkInfo");
    }

    /// <summary>The shape of a chunk.</summary>
    public long[] Chunk { get; }

    /// <summary>Chunks along each axis.</summary>
    public long[] Counts { get; }

    /// <summary>The bytes of a chunk's elements.</summary>
    public int Bytes { get; }

    /// <summary>The chunk with a place in row-major order.</summary>
    /// <exception cref="ArrayContainerException">It was never written.</exception>
    public StoredChunk Find(long number)
    {
        if (_isUnwritten)
            throw Unwritten(_name, "all of them");
        _stream.AllowOneMore();
        object found = _find.Invoke(_chunks, BindingFlags.DoNotWrapExceptions, null, [(ulong)number], null)!;
        ulong address = Internals.Get<ulong>(found, "Address"), size = Internals.Get<ulong>(found, "Size");
        if (IsUndefined(_dataset, address))
            throw Unwritten(_name, $"those of chunk {number}");

        // Deflate adds a few bytes to what it cannot make smaller.
        if (size is 0 || size > (2 * (ulong)Bytes) + 1024 || address > long.MaxValue - _base)
            throw Damaged(_name, $"chunk {number} of {size} bytes at byte {address}");
        long from = (long)(address + _base);
        return _seen.Add(from) ? new(from, (int)size, Internals.Get<uint>(found, "FilterMask"))
            : throw Damaged(_name, $"two chunks at byte {from}");
    }

    /// <summary>What HDF5 adds to every address of a file.</summary>
    public static ulong Base(NativeDataset dataset) =>
        Internals.Get<ulong>(Internals.Get<object>(Internals.Get<object>(dataset, "Context"), "Superblock"), "BaseAddress");

    /// <summary>Whether an address stands for nothing.</summary>
    public static bool IsUndefined(NativeDataset dataset, ulong address)
    {
        object superblock = Internals.Get<object>(Internals.Get<object>(dataset, "Context"), "Superblock");
        int bits = 8 * Internals.Get<byte>(superblock, "OffsetsSize");
        return address == ulong.MaxValue || (bits < 64 && address == (1ul << bits) - 1);
    }

    /// <summary>The refusal of values that were never written, which HDF5 reads as zeros.</summary>
    public static ArrayContainerException Unwritten(string name, string which) => new(
        $"values of {name} that were never written: {which}", "a value everywhere",
        "write them; if they are all zero, dataset[...] = dataset[...] writes zeros");

    /// <summary>The refusal of a damaged dataset.</summary>
    public static ArrayContainerException Damaged(string name, string found) =>
        new($"{name}, which is damaged: {found}", "a dataset that is whole", "copy or write the file again");
}
