using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Sweeps;

/// <summary>How a sweep's files are written: as a run's are.</summary>
public static class SweepJson
{
    private static readonly JsonSerializerOptions Line = Options(indented: false), Document = Options(indented: true);

    /// <summary>A status as a document.</summary>
    public static string Write(SweepStatus status) => JsonSerializer.Serialize(status, Document);

    /// <summary>A status from a document.</summary>
    /// <exception cref="JsonException">The text is not a status.</exception>
    public static SweepStatus ReadStatus(string text)
    {
        var read = JsonSerializer.Deserialize<SweepStatus>(text, Document) ?? throw new JsonException("null is not a status");
        return read with
        {
            Message = read.Message ?? "", Cluster = read.Cluster ?? "", Keys = read.Keys ?? [], Metric = read.Metric ?? "",
            Rungs = read.Rungs ?? [], Strategy = read.Strategy ?? "", Held = read.Held ?? [],
            Trials = [.. (read.Trials ?? []).Select(trial => trial with
            {
                Run = trial.Run ?? "", Figures = trial.Figures ?? [], Problem = trial.Problem ?? "",
            })],
        };
    }

    /// <summary>What was submitted, as a document.</summary>
    public static string Write(SweepText text) => JsonSerializer.Serialize(text, Document);

    /// <summary>What was submitted, from a document.</summary>
    /// <exception cref="JsonException">The text is something else.</exception>
    public static SweepText ReadRequest(string text) =>
        JsonSerializer.Deserialize<SweepText>(text, Document) is { Sweep.Text: not null } read ? read
            : throw new JsonException("found no sweep, expected what was submitted");

    /// <summary>A decision as a line, without its end.</summary>
    public static string Write(SweepDecision decision) => JsonSerializer.Serialize(decision, Line);

    /// <summary>A decision from a line; null where it is none.</summary>
    public static SweepDecision? ReadDecisionOrNull(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SweepDecision>(line, Line);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static JsonSerializerOptions Options(bool indented) => new(JsonSerializerDefaults.Web)
    {
        WriteIndented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { RunJson.FiniteOrNullConverter },
        TypeInfoResolver = SweepJsonTypes.Default,
    };
}

/// <summary>The types of a sweep's files.</summary>
[JsonSerializable(typeof(SweepStatus))]
[JsonSerializable(typeof(SweepText))]
[JsonSerializable(typeof(SweepDecision))]
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class SweepJsonTypes : JsonSerializerContext;
