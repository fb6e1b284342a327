using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Problems;
using PureHDF.Filters;
using PureHDF.VOL.Native;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>A filter of a dataset's chunks: Deflate (gzip), shuffle or the Fletcher32 checksum.</summary>
/// <param name="Id">HDF5's number of it.</param>
internal readonly record struct Hdf5Filter(ushort Id)
{
    /// <summary>A dataset's filters in the order in which they were applied.</summary>
    /// <param name="dataset">The dataset.</param>
    /// <param name="elementSize">The bytes of an element.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <exception cref="ArrayContainerException">One of them is another one.</exception>
    public static IReadOnlyList<Hdf5Filter> Of(NativeDataset dataset, int elementSize, string name)
    {
        if (Internals.GetOrNull(dataset, "InternalFilterPipeline") is not { } pipeline)
            return [];
        var filters = new List<Hdf5Filter>();
        foreach (object filter in Internals.Get<Array>(pipeline, "FilterDescriptions"))
        {
            ushort id = Internals.Get<ushort>(filter, "Identifier");
            if (id is not (DeflateFilter.Id or ShuffleFilter.Id or Fletcher32Filter.Id))
                throw Refused(name, $"chunks packed by {NameOf(id, Internals.Get<string>(filter, "Name"))}");
            if (id == ShuffleFilter.Id && Internals.Get<uint[]>(filter, "ClientData").FirstOrDefault() != elementSize)
                throw ChunkIndex.Damaged(name, "bytes that are shuffled for elements of another size");
            filters.Add(new(id));
        }

        // Of the newest format alone, where the last chunks of an axis may stay as they are.
        object layout = Internals.Get<object>(dataset, "InternalDataLayout");
        if (layout.GetType().Name == "DataLayoutMessage4"
            && (Convert.ToInt32(Internals.Get<object>(Internals.Get<object>(layout, "Properties"), "Flags"), null) & 1) != 0)
        {
            throw Refused(name, "chunks that are packed except at the edges");
        }

        return filters;
    }

    private static string NameOf(ushort id, string name) => id switch
    {
        4 => "szip",
        5 => "nbit",
        6 => "scaleoffset",
        307 => "bzip2",
        32000 => "LZF",
        32001 => "Blosc",
        32004 => "LZ4",
        32008 => "Bitshuffle",
        32013 => "ZFP",
        32015 => "Zstandard",
        32026 => "Blosc2",
        _ => $"filter {id}{(name.Length == 0 ? "" : $" ({Wording.Quote(name)})")}",
    };

    private static ArrayContainerException Refused(string name, string found) => new(
        $"{found} in {name}", "gzip, shuffle and Fletcher32",
        "pack them by gzip: h5repack -f GZIP=4 FILE NEW, or create_dataset(..., compression='gzip')");
}
