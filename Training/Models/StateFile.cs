using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The state of a series after some row: all that forecasts from its next rows depend on.</summary>
/// <param name="End">The series up to that row.</param>
/// <param name="Hidden">
/// The hidden state after the last row that was forecast from, <c>[h, c][layer][unit]</c>: the last one, unless some wait for rows ahead.
/// </param>
public sealed record SequenceState(SeriesEnd End, ReadOnlyMemory<float> Hidden);

/// <summary>
/// A file with the state of some series: <c>h</c> and, for an LSTM, <c>c</c>, <c>[layers, series, units]</c>, as safetensors. Its metadata
/// have where each series ended, and the hash of the parameters that computed it.
/// </summary>
public static class StateFile
{
    private const string Sequences = "sequences";
    private const string Weights = "weights_sha256";

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

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
                [Sequences] = JsonSerializer.Serialize(states.Select(state => Entry.Of(state.End)), Json),
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
            if (!metadata.TryGetValue(Sequences, out string? text) || JsonSerializer.Deserialize<Entry[]>(text, Json) is not { } entries)
                throw new ModelPackageException($"{path}: found no names of sequences, expected a file that --state-out wrote");
            if (metadata.GetValueOrDefault(Weights) is { } weights && weights != package.Config.Hashes.Weights)
            {
                throw new ModelPackageException(
                    $"{path}: found the state of a model with parameters of SHA-256 {weights}, expected {package.Config.Hashes.Weights}; "
                    + "use the state of the same model");
            }

            if (entries.GroupBy(entry => entry.Name).FirstOrDefault(same => same.Skip(1).Any()) is { } twice)
                throw new ModelPackageException($"{path}: found two states of '{twice.Key}', expected one; write the file again");
            var slots = HiddenTensors.Slots(model, entries.Length);
            var tensors = new float[slots.Sum(slot => slot.Length)];
            SafetensorsFile.ReadInto(path, slots, tensors);
            var hidden = new float[tensors.Length];
            HiddenTensors.ToLanes(model, entries.Length, tensors, hidden);
            int length = entries.Length == 0 ? 0 : hidden.Length / entries.Length;
            return
            [
                .. entries.Select((entry, i) => new SequenceState(entry.ToEnd(), hidden.AsMemory(i * length, length))),
            ];
        }
        catch (Exception exception) when (exception is SafetensorsException or IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelPackageException($"{path}: cannot be read as a state: {exception.Message}", exception);
        }
    }

    private sealed record Entry(string Name, double? Instant, string? Time, long Rows, string[]? Columns, string?[][]? LastRows)
    {
        public static Entry Of(SeriesEnd end) => new(
            end.Name, end.Instant, end.Time, end.Rows, end.LastRows.Count == 0 ? null : [.. end.Columns],
            end.LastRows.Count == 0 ? null : [.. end.LastRows.Select(row => row.ToArray())]);

        public SeriesEnd ToEnd() => LastRows?.Any(row => row.Length != Columns?.Length) == true
            ? throw new JsonException("a last row with other columns than it should have")
            : new(Name, Rows, Instant, Time) { Columns = Columns ?? [], LastRows = LastRows ?? [] };
    }
}
