using System.Text.Json;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>
/// A file with the hidden state of some sequences: <c>h</c> and, for an LSTM, <c>c</c>, <c>[layers, sequences, units]</c>, as safetensors.
/// Its metadata have the sequences' names and the hash of the parameters that computed it.
/// </summary>
public static class StateFile
{
    private const string Names = "sequences";
    private const string Weights = "weights_sha256";

    /// <summary>Writes the file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="package">The model.</param>
    /// <param name="names">The sequences' names, each once.</param>
    /// <param name="hidden">Their hidden state, <c>[sequences][h, c][layer][unit]</c>.</param>
    public static void Write(Stream stream, ModelPackage package, IReadOnlyList<string> names, ReadOnlySpan<float> hidden)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(names);
        var model = package.Spec.Model;
        SafetensorsFile.Write(
            stream, HiddenTensors.Slots(model, names.Count), HiddenTensors.Of(model, names.Count, hidden),
            new Dictionary<string, string> { [Names] = JsonSerializer.Serialize(names), [Weights] = package.Config.Hashes.Weights });
    }

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="package">The model.</param>
    /// <returns>The hidden state of each sequence by its name, <c>[h, c][layer][unit]</c>.</returns>
    /// <exception cref="ModelPackageException">It is no such file, or one of another model.</exception>
    public static IReadOnlyDictionary<string, float[]> Read(string path, ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var model = package.Spec.Model;
        try
        {
            var metadata = SafetensorsFile.ReadHeader(path).Metadata;
            if (!metadata.TryGetValue(Names, out string? text) || JsonSerializer.Deserialize<string[]>(text) is not { } names)
                throw new ModelPackageException($"{path}: found no names of sequences, expected a file that --state-out wrote");
            if (metadata.GetValueOrDefault(Weights) is { } weights && weights != package.Config.Hashes.Weights)
            {
                throw new ModelPackageException(
                    $"{path}: found the state of a model with parameters of SHA-256 {weights}, expected {package.Config.Hashes.Weights}; "
                    + "use the state of the same model");
            }

            var slots = HiddenTensors.Slots(model, names.Length);
            var tensors = new float[slots.Sum(slot => slot.Length)];
            SafetensorsFile.ReadInto(path, slots, tensors);
            var hidden = new float[tensors.Length];
            HiddenTensors.ToLanes(model, names.Length, tensors, hidden);
            int length = names.Length == 0 ? 0 : hidden.Length / names.Length;
            return names.Index().ToDictionary(name => name.Item, name => hidden[(name.Index * length)..((name.Index + 1) * length)]);
        }
        catch (Exception exception) when (exception is SafetensorsException or IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelPackageException($"{path}: cannot be read as a state: {exception.Message}", exception);
        }
    }
}
