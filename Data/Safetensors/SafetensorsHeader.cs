using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Safetensors;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">The type of its elements by the format's name, such as <c>F32</c>.</param>
/// <param name="Shape">Its shape, row-major; empty for a scalar.</param>
/// <param name="Offset">Where in the file its first byte is.</param>
/// <param name="Bytes">How many bytes it has.</param>
public sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<long> Shape, long Offset, long Bytes);

/// <summary>A difference between a file's tensors and the expected ones.</summary>
/// <param name="Found">The content of the file.</param>
/// <param name="Expected">The expected content.</param>
public sealed record TensorMismatch(string Found, string Expected)
{
    /// <inheritdoc/>
    public override string ToString() => $"found {Found}, expected {Expected}";
}

/// <summary>The header of a safetensors file, checked against the file's length.</summary>
/// <param name="Tensors">The tensors, in the order of their bytes.</param>
/// <param name="Metadata">The texts under <c>__metadata__</c>.</param>
public sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>
    /// Every difference from <paramref name="slots"/> as float32 of the same shapes; the order of the tensors in the file does not matter.
    /// Empty when there is none.
    /// </summary>
    public IReadOnlyList<TensorMismatch> Compare(IReadOnlyList<ParameterSlot> slots)
    {
        var mismatches = new List<TensorMismatch>();
        Dictionary<string, SafetensorsEntry> unclaimed = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (ParameterSlot slot in slots)
        {
            string expected = $"'{slot.Name}', {SafetensorsFile.DType} of shape [{string.Join(", ", slot.Shape)}]";
            if (!unclaimed.Remove(slot.Name, out SafetensorsEntry? tensor))
                mismatches.Add(new($"no tensor '{slot.Name}'", expected));
            else if (tensor.DType != SafetensorsFile.DType || !tensor.Shape.SequenceEqual(slot.Shape.Select(size => (long)size)))
                mismatches.Add(new($"'{tensor.Name}', {tensor.DType} of shape [{string.Join(", ", tensor.Shape)}]", expected));
        }

        mismatches.AddRange(unclaimed.Values.OrderBy(tensor => tensor.Offset).Select(tensor => new TensorMismatch(
            $"'{tensor.Name}', {tensor.DType} of shape [{string.Join(", ", tensor.Shape)}]", "no tensor of that name")));
        return mismatches;
    }
}

/// <summary>A file is not a complete safetensors file, or does not hold the expected tensors.</summary>
public sealed class SafetensorsException(string path, string found, string expected)
    : Exception($"{path}: found {found}, expected {expected}")
{
    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The defect.</summary>
    public string Found => found;

    /// <summary>The expected content.</summary>
    public string Expected => expected;
}
