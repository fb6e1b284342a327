using System.Collections;
using System.IO.Compression;
using System.IO.Hashing;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;
using Razorvine.Pickle;
using Razorvine.Pickle.Objects;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>
/// Finds the tensors of a state dict that <c>torch.save</c> wrote: a ZIP archive of a pickle, which names the tensors, and a file for each
/// storage. No code of the file is run, because the pickle can make tensors and dictionaries only, and libtorch is not loaded, because the
/// elements are read where they lie.
/// </summary>
internal static class TorchFile
{
    private const long LargestPickle = 64 << 20;
    private const int BlockBytes = 1 << 16;

    private static readonly Dictionary<string, (string DType, int Size)> Types = new(StringComparer.Ordinal)
    {
        ["DoubleStorage"] = ("F64", 8), ["FloatStorage"] = ("F32", 4), ["HalfStorage"] = ("F16", 2), ["BFloat16Storage"] = ("BF16", 2),
        ["LongStorage"] = ("I64", 8), ["IntStorage"] = ("I32", 4), ["ShortStorage"] = ("I16", 2), ["CharStorage"] = ("I8", 1),
        ["ByteStorage"] = ("U8", 1), ["BoolStorage"] = ("BOOL", 1),
    };

    // The library's table is one for the process.
    static TorchFile()
    {
        Unpickler.registerConstructor("torch._utils", "_rebuild_tensor", new TensorMaker());
        Unpickler.registerConstructor("torch._utils", "_rebuild_tensor_v2", new TensorMaker());
        Unpickler.registerConstructor("torch._utils", "_rebuild_parameter", new ParameterMaker());
        Unpickler.registerConstructor("collections", "OrderedDict", new DictionaryMaker());
    }

    /// <summary>The tensors of a state dict, and where in the file their elements lie.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or holds something else; the message says what.</exception>
    public static SafetensorsHeader ReadHeader(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
        ZipArchiveEntry pickle = archive.Entries.FirstOrDefault(entry => entry.Name == "data.pkl")
            ?? throw new InvalidDataException("an archive without data.pkl");
        string directory = pickle.FullName[..^"data.pkl".Length];
        if (archive.GetEntry(directory + "byteorder") is { } order && Text(order) != "little")
            throw new InvalidDataException("big-endian numbers");
        var tensors = new List<SafetensorsEntry>();
        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        DictionaryEntry[] entries = [.. Load(pickle).Cast<DictionaryEntry>().OrderBy(entry => $"{entry.Key}", StringComparer.Ordinal)];
        foreach (DictionaryEntry entry in entries)
        {
            if (entry.Key is not string name || entry.Value is not Tensor tensor)
            {
                throw new InvalidDataException(
                    $"parts of which {Wording.Quote($"{entry.Key}")} is no tensor, such as a checkpoint with the optimizer's state");
            }

            tensors.Add(Place(name, tensor, archive, directory, file, places));
        }

        return new([.. tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)],
            new Dictionary<string, string>());
    }

    private static Hashtable Load(ZipArchiveEntry pickle)
    {
        if (pickle.Length > LargestPickle)
            throw new InvalidDataException($"names of {pickle.Length} bytes");
        var bytes = new byte[pickle.Length];
        using (Stream stream = pickle.Open())
            stream.ReadExactly(bytes);
        using var unpickler = new StateDictUnpickler();
        return unpickler.loads(bytes) as Hashtable
            ?? throw new InvalidDataException("something else than a state dict, such as a whole module");
    }

    private static SafetensorsEntry Place(
        string name, Tensor tensor, ZipArchive archive, string directory, FileStream file, Dictionary<string, long> places)
    {
        var (type, key, count) = tensor.Storage;
        if (!Types.TryGetValue(type, out var stored))
            return new(name, type, tensor.Shape, 0, 0);
        Int128 elements = tensor.Shape.Aggregate((Int128)1, (product, size) => product * size);
        if (!tensor.IsContiguous)
            throw new InvalidDataException($"'{name}', whose elements lie in another order: save it as contiguous()");
        if (tensor.Shape.Any(size => size < 0) || tensor.Offset < 0 || elements + tensor.Offset > count)
            throw new InvalidDataException($"'{name}', which is larger than its storage");
        if (!places.TryGetValue(key, out long place))
            places.Add(key, place = PlaceOf(archive.GetEntry($"{directory}data/{key}"), (Int128)count * stored.Size, file, name));
        return new(name, stored.DType, tensor.Shape, place + (tensor.Offset * stored.Size), (long)elements * stored.Size);
    }

    /// <summary>Where a storage begins in the file; its bytes are compared with their checksum.</summary>
    private static long PlaceOf(ZipArchiveEntry? storage, Int128 bytes, FileStream file, string name)
    {
        if (storage is null)
            throw new InvalidDataException($"'{name}' without its elements");
        if (storage.Length != bytes || storage.CompressedLength != storage.Length)
        {
            throw new InvalidDataException(
                $"'{name}' of {bytes} bytes in a storage of {storage.Length}, {storage.CompressedLength} packed");
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
            : throw new InvalidDataException($"'{name}', whose elements have another checksum");
    }

    private static string Text(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        Span<byte> text = stackalloc byte[16];
        return System.Text.Encoding.ASCII.GetString(text[..stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)]).Trim();
    }

    private sealed record Storage(string Type, string Key, long Count);

    private sealed record Tensor(Storage Storage, long Offset, long[] Shape, long[] Strides)
    {
        // The stride of an axis of one element means nothing.
        public bool IsContiguous
        {
            get
            {
                Int128 expected = 1;
                for (int axis = Shape.Length - 1; axis >= 0; axis--)
                {
                    if (Shape[axis] != 1 && Strides[axis] != expected)
                        return false;
                    expected *= Shape[axis];
                }

                return true;
            }
        }
    }

    private sealed class StateDictUnpickler : Unpickler
    {
        protected override object persistentLoad(object pid) => pid is object[] and ["storage", var type, string key, _, var count]
            ? new Storage(type is ClassDictConstructor named ? named.name : $"{type}", key, Convert.ToInt64(count, null))
            : throw new InvalidDataException("elements that are no storage of this file");
    }

    private sealed class TensorMaker : IObjectConstructor
    {
        public object construct(object[] args) => args is [Storage storage, var offset, object[] shape, object[] strides, ..]
            && shape.Length == strides.Length
            ? new Tensor(storage, Convert.ToInt64(offset, null), Sizes(shape), Sizes(strides))
            : throw new InvalidDataException("a tensor of another release of PyTorch");

        private static long[] Sizes(object[] sizes) => [.. sizes.Select(size => Convert.ToInt64(size, null))];
    }

    private sealed class ParameterMaker : IObjectConstructor
    {
        public object construct(object[] args) =>
            args is [Tensor tensor, ..] ? tensor : throw new InvalidDataException("a parameter that is no tensor");
    }

    private sealed class DictionaryMaker : IObjectConstructor
    {
        public object construct(object[] args) => new OrderedDictionary();
    }

    /// <summary>A dictionary of Python with attributes: a state dict has versions of its modules as one.</summary>
    private sealed class OrderedDictionary : Hashtable
    {
        // The library looks for the method by Python's name.
#pragma warning disable CA1707, IDE1006, CA1822, IDE0060
        public void __setstate__(Hashtable attributes)
#pragma warning restore CA1707, IDE1006, CA1822, IDE0060
        {
        }
    }
}
