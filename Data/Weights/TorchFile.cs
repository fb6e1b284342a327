using System.IO.Compression;
using System.IO.Hashing;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>
/// Finds the tensors of a state dict that <c>torch.save</c> wrote: a ZIP archive of a pickle, which names the tensors, and a file for each
/// storage. No code of the file is run, because the pickle can make tensors and dictionaries only, and libtorch is not loaded, because the
/// elements are read where they lie.
/// </summary>
internal static class TorchFile
{
    private const long LargestPickle = 16 << 20;
    private const int BlockBytes = 1 << 16;

    private static readonly Dictionary<string, (string DType, int Size)> Types = new(StringComparer.Ordinal)
    {
        ["DoubleStorage"] = ("F64", 8), ["FloatStorage"] = ("F32", 4), ["HalfStorage"] = ("F16", 2), ["BFloat16Storage"] = ("BF16", 2),
        ["LongStorage"] = ("I64", 8), ["IntStorage"] = ("I32", 4), ["ShortStorage"] = ("I16", 2), ["CharStorage"] = ("I8", 1),
        ["ByteStorage"] = ("U8", 1), ["BoolStorage"] = ("BOOL", 1),
    };

    /// <summary>The tensors of a state dict, and where in the file their elements lie.</summary>
    /// <exception cref="TorchFileException">The file is damaged, or holds something else; the message says what.</exception>
    public static SafetensorsHeader ReadHeader(string path)
    {
        using FileStream file = File.OpenRead(path);
        try
        {
            return ReadHeader(file);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or ArgumentException or NotSupportedException
            or OverflowException)
        {
            throw new TorchFileException("a damaged ZIP archive", TorchConversion.SaveAgain);
        }
    }

    private static SafetensorsHeader ReadHeader(FileStream file)
    {
        using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        ZipArchiveEntry pickle = archive.Entries.FirstOrDefault(entry => entry.Name == "data.pkl")
            ?? throw Damaged("an archive without data.pkl");
        string directory = pickle.FullName[..^"data.pkl".Length];
        if (archive.GetEntry(directory + "byteorder") is { } order && Text(order) != "little")
            throw Damaged("big-endian numbers");
        var tensors = new List<SafetensorsEntry>();
        var places = new Dictionary<PickledStorage, long>();
        foreach (var (name, tensor) in Load(pickle))
            tensors.Add(Place(name, tensor, archive, directory, file, places));
        return new([.. tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)],
            new Dictionary<string, string>());
    }

    private static List<(string Name, PickledTensor Tensor)> Load(ZipArchiveEntry pickle)
    {
        if (pickle.Length > LargestPickle)
        {
            throw Damaged(FormattableString.Invariant(
                $"names and shapes (data.pkl) of {pickle.Length:N0} bytes, more than {LargestPickle >> 20} MiB"));
        }

        var bytes = new byte[pickle.Length];
        using (Stream stream = pickle.Open())
            stream.ReadExactly(bytes);
        var reader = new StateDictPickle(bytes);
        return Tensors(reader.Read(), reader.HasObjects);
    }

    /// <summary>The tensors of a state dict by their names, in the names' order.</summary>
    private static List<(string Name, PickledTensor Tensor)> Tensors(object? value, bool hasObjects)
    {
        if (value is not PickledDictionary dictionary)
        {
            throw new TorchFileException(
                value is PickledObject other
                    ? $"{(other.IsCalled ? "what" : "an object of")} {Wording.Quote(other.Class)}{(other.IsCalled ? " makes" : "")} "
                        + $"instead of a state dict{(other.IsCalled ? "" : ", such as a whole module,")}"
                    : "something else than a state dict",
                value is PickledObject { IsCalled: false } ? TorchConversion.Module : TorchConversion.SaveAgain)
            {
                HasObjects = hasObjects,
            };
        }

        var entries = dictionary.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToList();
        string? spare = dictionary.OtherKey ?? entries.Find(entry => entry.Value is not PickledTensor).Key;
        if (spare is null)
            return [.. entries.Select(entry => (entry.Key, (PickledTensor)entry.Value!))];
        if (entries.Exists(entry => entry.Value is PickledTensor))
        {
            throw new TorchFileException($"parts of which {Wording.Quote(spare)} is no tensor", TorchConversion.Tensors)
            {
                HasObjects = hasObjects,
            };
        }

        // Of a checkpoint's entries the optimizer's has no tensors by names.
        string? inner = entries
            .Where(entry => entry.Value is PickledDictionary held && held.Entries.Values.Any(one => one is PickledTensor))
            .Select(entry => entry.Key).OrderByDescending(name => name.Contains("state_dict", StringComparison.Ordinal)).FirstOrDefault();
        throw new TorchFileException(
            inner is null ? $"parts of which {Wording.Quote(spare)} is no tensor, and none is a state dict"
            : $"a checkpoint, of which {Wording.Quote(inner)} is the state dict",
            inner is null ? TorchConversion.SaveAgain : TorchConversion.Entry)
        {
            Entry = inner, HasObjects = hasObjects,
        };
    }

    private static SafetensorsEntry Place(
        string name, PickledTensor tensor, ZipArchive archive, string directory, FileStream file, Dictionary<PickledStorage, long> places)
    {
        PickledStorage storage = tensor.Storage;
        if (!Types.TryGetValue(storage.Type, out var stored))
            return new(name, storage.Type, tensor.Shape, 0, 0);
        if (tensor.Elements is not { } elements)
            throw Damaged($"{Wording.Quote(name)}, which is larger than its storage");
        if (tensor.HasMetadata)
        {
            throw new TorchFileException(
                $"{Wording.Quote(name)}, whose values are not its elements, such as their negatives", TorchConversion.Resolve);
        }

        if (!tensor.IsContiguous)
        {
            throw new TorchFileException(
                $"{Wording.Quote(name)}, whose elements lie in another order: save it as contiguous()", TorchConversion.Tensors);
        }

        if (!places.TryGetValue(storage, out long place))
        {
            ZipArchiveEntry? entry = archive.GetEntry($"{directory}data/{storage.Key}");
            places.Add(storage, place = PlaceOf(entry, (Int128)storage.Count * stored.Size, file, name));
        }

        return new(name, stored.DType, tensor.Shape, place + (tensor.Offset * stored.Size), elements * stored.Size);
    }

    /// <summary>Where a storage begins in the file; its bytes are compared with their checksum.</summary>
    private static long PlaceOf(ZipArchiveEntry? storage, Int128 bytes, FileStream file, string name)
    {
        if (storage is null)
            throw Damaged($"{Wording.Quote(name)} without its elements");
        if (storage.Length != bytes || storage.CompressedLength != storage.Length)
        {
            throw Damaged(
                $"{Wording.Quote(name)} of {bytes} bytes in a storage of {storage.Length}, {storage.CompressedLength} packed");
        }

        using Stream stream = storage.Open();
        var checksum = new Crc32();
        var block = new byte[BlockBytes];
        long place = 0, read = 0;
        for (int count; (count = stream.Read(block)) > 0; read += count)
        {
            // What is stored as it is is read straight from the file.
            if (read == 0)
                place = file.Position - count;
            checksum.Append(block.AsSpan(0, count));
        }

        return read == storage.Length && checksum.GetCurrentHashAsUInt32() == storage.Crc32 ? place
            : throw Damaged($"{Wording.Quote(name)}, whose elements have another checksum");
    }

    private static string Text(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        Span<byte> text = stackalloc byte[16];
        return System.Text.Encoding.ASCII.GetString(text[..stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)]).Trim();
    }

    private static TorchFileException Damaged(string found) => new(found, TorchConversion.SaveAgain);
}
