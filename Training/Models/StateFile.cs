using System.Text.Json;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The hidden state of a sequence after some row.</summary>
/// <param name="Name">The sequence's name; empty where there is only one.</param>
/// <param name="Instant">The row's time as a number; null where rows have no times.</param>
/// <param name="Time">The same as people write it.</param>
/// <param name="Hidden">The hidden state, <c>[h, c][layer][unit]</c>.</param>
public sealed record SequenceState(string Name, double? Instant, string? Time, ReadOnlyMemory<float> Hidden);

/// <summary>
/// A file with the hidden state of some sequences: <c>h</c> and, for an LSTM, <c>c</c>, <c>[layers, sequences, units]</c>, as safetensors.
/// Its metadata have the sequences' names, the times of their last rows, and the hash of the parameters that computed it.
/// </summary>
public static class StateFile
{
    private const string Sequences = "sequences";
    private const string Weights = "weights_sha256";

    /// <summary>Writes the file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="package">The model.</param>
    /// <param name="states">The states, of different sequences.</param>
    public static void Write(Stream stream, ModelPackage package, IReadOnlyList<SequenceState> states)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(states);
        var model = package.Spec.Model;
        float[] hidden = [.. states.SelectMany(state => state.Hidden.ToArray())];
        SafetensorsFile.Write(
            stream, HiddenTensors.Slots(model, states.Count), HiddenTensors.Of(model, states.Count, hidden),
            new Dictionary<string, string>
            {
                [Sequences] = JsonSerializer.Serialize(states.Select(state => new Entry(state.Name, state.Instant, state.Time))),
                [Weights] = package.Config.Hashes.Weights,
            });
    }

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="package">The model.</param>
    /// <exception cref="ModelPackageException">It is no such file, or one of another model.</exception>
    public static IReadOnlyList<SequenceState> Read(string path, ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var model = package.Spec.Model;
        try
        {
            var metadata = SafetensorsFile.ReadHeader(path).Metadata;
            if (!metadata.TryGetValue(Sequences, out string? text) || JsonSerializer.Deserialize<Entry[]>(text) is not { } entries)
                throw new ModelPackageException($"{path}: found no names of sequences, expected a file that --state-out wrote");
            if (metadata.GetValueOrDefault(Weights) is { } weights && weights != package.Config.Hashes.Weights)
            {
                throw new ModelPackageException(
                    $"{path}: found the state of a model with parameters of SHA-256 {weights}, expected {package.Config.Hashes.Weights}; "
                    + "use the state of the same model");
            }

            var slots = HiddenTensors.Slots(model, entries.Length);
            var tensors = new float[slots.Sum(slot => slot.Length)];
            SafetensorsFile.ReadInto(path, slots, tensors);
            var hidden = new float[tensors.Length];
            HiddenTensors.ToLanes(model, entries.Length, tensors, hidden);
            int length = entries.Length == 0 ? 0 : hidden.Length / entries.Length;
            return
            [
                .. entries.Select((entry, i) => new SequenceState(
                    entry.Name, entry.Instant, entry.Time, hidden.AsMemory(i * length, length))),
            ];
        }
        catch (Exception exception) when (exception is SafetensorsException or IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelPackageException($"{path}: cannot be read as a state: {exception.Message}", exception);
        }
    }

    private sealed record Entry(string Name, double? Instant, string? Time);
}
