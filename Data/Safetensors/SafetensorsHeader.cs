using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Safetensors;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">The type of its elements by the format's name, such as <c>F32</c>.</param>
/// <param name="Shape">Its shape, row-major; empty for a scalar.</param>
/// <param name="Offset">Where in the file its first byte is.</param>
/// <param name="Bytes">How many bytes it has.</param>
public sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<long> Shape, long Offset, long Bytes);

/// <summary>One way in which a file does not hold the tensors that were asked for.</summary>
/// <param name="Found">What the file has.</param>
/// <param name="Expected">What it should have.</param>
public sealed record TensorMismatch(string Found, string Expected)
{
    /// <inheritdoc/>
    public override string ToString() => $"found {Found}, expected {Expected}";
}

/// <summary>What a safetensors file says of itself, checked against the file's length.</summary>
/// <param name="Tensors">The tensors, in the order of their bytes.</param>
/// <param name="Metadata">The texts under <c>__metadata__</c>.</param>
public sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>
    /// Every way in which the file does not hold exactly <paramref name="slots"/>, as float32 of the same shapes; the order of the tensors
    /// in the file is its own affair. Empty when it does.
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

/// <summary>A file is no whole safetensors file, or not the one that was asked for.</summary>
public sealed class SafetensorsException(string path, string found, string expected)
    : Exception($"{path}: found {found}, expected {expected}")
{
    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>What is wrong with it.</summary>
    public string Found => found;

    /// <summary>What it should be.</summary>
    public string Expected => expected;
}
