using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>Reads a model's initial weights from a safetensors file of any program, or a state dict of PyTorch.</summary>
public static class WeightFile
{
    private const int BlockBytes = 1 << 20;

    /// <summary>The types that are read; F16 and BF16 become float32 exactly, F64 is rounded to nearest, ties to even.</summary>
    internal static IReadOnlyList<string> Types { get; } = [SafetensorsFile.DType, "F16", "BF16", "F64"];

    /// <summary>Reads the parameters of a model into <paramref name="destination"/> <c>[parameters]</c>.</summary>
    /// <param name="path">The file, or the directory of a model package.</param>
    /// <param name="model">The model, every size known.</param>
    /// <param name="destination">As many elements as the model has parameters.</param>
    /// <exception cref="SpecException">The file is damaged, or its tensors are not this model's; names each cause once.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static void ReadInto(string path, ModelSpec model, Span<float> destination)
    {
        path = InitialPackage.WeightsOf(path);
        using SafeFileHandle file =
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        WeightMatch match = Match(path, model);
        if (match.Refusals.Count > 0)
            throw new SpecException(match.Refusals);
        var read = new HashSet<string>();
        foreach (var (slot, tensor) in match.Pairs)
        {
            var values = destination.Slice(slot.Offset, slot.Length);
            float[] former = read.Add(slot.Name) ? [] : values.ToArray();
            Read(file, path, tensor, values);
            if (former.Length > 0 && !former.AsSpan().SequenceEqual(values))
            {
                throw new SpecException(new SpecProblem(DataKeys.InitFrom,
                    $"{Wording.Quote(tensor.Name)} of {path} that differs from the weight of the embedding", "the same numbers, because of "
                    + "model.tieWeights", "remove model.tieWeights, or use weights of a model that was trained with it"));
            }
        }
    }

    /// <summary>Whether tensors of a type are read.</summary>
    internal static bool Reads(string type) => Types.Contains(type);

    /// <summary>Reads a file's header, and matches its tensors with a model's parameters.</summary>
    /// <exception cref="SpecException">The file is no complete safetensors file.</exception>
    internal static WeightMatch Match(string path, ModelSpec model) => WeightMatch.Of(ReadHeader(path), path, model);

    /// <summary>A file's header.</summary>
    /// <exception cref="SpecException">The file is no complete safetensors file, and no state dict of PyTorch.</exception>
    internal static SafetensorsHeader ReadHeader(string path)
    {
        try
        {
            return SafetensorsFile.ReadHeader(path);
        }
        catch (SafetensorsException error)
        {
            return StateDict.TryReadHeader(path) ?? throw new SpecException(new SpecProblem(
                DataKeys.InitFrom, $"{error.Found} in {path}", error.Expected, "save the weights with safetensors again"));
        }
    }

    private static void Read(SafeFileHandle file, string path, SafetensorsEntry tensor, Span<float> destination)
    {
        if (tensor.DType == SafetensorsFile.DType)
        {
            InputFile.ReadExactly(file, path, tensor.Offset, MemoryMarshal.AsBytes(destination));
            return;
        }

        int size = (int)(tensor.Bytes / Math.Max(1, destination.Length)), most = BlockBytes / Math.Max(1, size);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (int first = 0; first < destination.Length; first += most)
            {
                var part = destination.Slice(first, Math.Min(most, destination.Length - first));
                Span<byte> bytes = block.AsSpan(0, part.Length * size);
                InputFile.ReadExactly(file, path, tensor.Offset + ((long)first * size), bytes);
                Convert(tensor.DType, bytes, part);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        // A number of 64 bits can be larger than any of 32.
        if (tensor.DType == "F64" && destination.ContainsAny(float.PositiveInfinity, float.NegativeInfinity))
        {
            throw new SpecException(new SpecProblem(DataKeys.InitFrom,
                $"a number in {Wording.Quote(tensor.Name)} of {path} that float32 cannot hold", "numbers of magnitude 3.4e38 at most",
                "look at the weights: a model with such a weight has diverged"));
        }
    }

    private static void Convert(string type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type switch
            {
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]),
                "BF16" => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16),
                _ => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]),
            };
        }
    }
}
