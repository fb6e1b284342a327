using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Runs;

/// <summary>How run files and <c>--output json</c> are written: camelCase, one line an event, null for what is not finite.</summary>
public static class RunJson
{
    private static readonly JsonSerializerOptions Line = Options(indented: false);
    private static readonly Lazy<HashSet<string>> Kinds = new(() =>
        [.. typeof(RunEvent).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(kind => (string)kind.TypeDiscriminator!)]);
    private static readonly JsonSerializerOptions Document = Options(indented: true);
    private static readonly JsonSerializerOptions Strict = new(Document)
    {
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    };

    // Generated code, which is compiled ahead: what reflection needs at run time would be compiled at every start.
    private static readonly JsonSerializerOptions GeneratedLine = new(Line) { TypeInfoResolver = RunJsonTypes.Default };
    private static readonly JsonSerializerOptions GeneratedDocument = new(Document) { TypeInfoResolver = RunJsonTypes.Default };

    /// <summary>Writes null for a number that is not finite, and reads it back as NaN.</summary>
    public static JsonConverter<double> FiniteOrNullConverter { get; } = new FiniteOrNull();

    /// <summary>One event as one line, without its line end.</summary>
    public static string Write(RunEvent runEvent) => JsonSerializer.Serialize(runEvent, GeneratedLine);

    /// <summary>One event from one line; fields it does not know are passed over.</summary>
    /// <exception cref="JsonException">The line is not an event.</exception>
    public static RunEvent ReadEvent(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<RunEvent>(line, GeneratedLine) ?? throw new JsonException("null is not an event");
        }
        catch (NotSupportedException exception)
        {
            throw new JsonException("found no type, expected the event's kind", exception);
        }
    }

    /// <summary>What the line of a step begins with.</summary>
    internal static ReadOnlySpan<byte> StepStart => "{\"type\":\"step\""u8;

    /// <summary>Whether a line is that of a step, without reading all of it.</summary>
    public static bool IsStep(string line) => line.StartsWith("{\"type\":\"step\"", StringComparison.Ordinal);

    /// <summary>One event from one line in UTF-8; fields it does not know are passed over.</summary>
    /// <exception cref="JsonException">The line is not an event.</exception>
    public static RunEvent ReadEvent(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<RunEvent>(line, GeneratedLine) ?? throw new JsonException("null is not an event");
        }
        catch (NotSupportedException exception)
        {
            throw new JsonException("found no type, expected the event's kind", exception);
        }
    }

    /// <summary>
    /// As <see cref="ReadEvent(string)"/>; null where the line is not an event that this program knows: written by a newer one, or by one
    /// that was killed while it wrote.
    /// </summary>
    public static RunEvent? ReadEventOrNull(string line)
    {
        try
        {
            return ReadEvent(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether a line is an event of a kind that this program does not know: one of a newer version.</summary>
    public static bool IsOfUnknownKind(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
                && !Kinds.Value.Contains(type.GetString()!);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A status as a document.</summary>
    public static string Write(RunStatus status) => JsonSerializer.Serialize(status, GeneratedDocument);

    /// <summary>A status from a document.</summary>
    /// <exception cref="JsonException">The text is not a status.</exception>
    public static RunStatus ReadStatus(string text) =>
        Complete(JsonSerializer.Deserialize<RunStatus>(text, GeneratedDocument) ?? throw new JsonException("null is not a status"));

    /// <summary>What a checkpoint says of itself, as a document; finite numbers come back to the bit.</summary>
    public static string Write(CheckpointState checkpoint) => JsonSerializer.Serialize(checkpoint, GeneratedDocument);

    /// <summary>What a checkpoint says of itself, from a document; everything must be there.</summary>
    /// <exception cref="JsonException">The text does not say it.</exception>
    public static CheckpointState ReadCheckpoint(string text) =>
        JsonSerializer.Deserialize<CheckpointState>(text, Strict) ?? throw new JsonException("null is not a checkpoint's state");

    /// <summary>Tags and notes as a document.</summary>
    public static string Write(RunNotes notes) => JsonSerializer.Serialize(notes, GeneratedDocument);

    /// <summary>Tags and notes from a document.</summary>
    /// <exception cref="JsonException">The text has none.</exception>
    public static RunNotes ReadNotes(string text)
    {
        var read = JsonSerializer.Deserialize<RunNotes>(text, GeneratedDocument) ?? throw new JsonException("null are no notes");
        return read with { Tags = [.. (read.Tags ?? []).Where(tag => tag is not null)], Text = read.Text ?? "" };
    }

    /// <summary>What a run began with, as a document.</summary>
    public static string Write(RunFork fork) => JsonSerializer.Serialize(fork, GeneratedDocument);

    /// <summary>What a run began with, from a document.</summary>
    /// <exception cref="JsonException">The text does not say it.</exception>
    public static RunFork ReadFork(string text)
    {
        var read = JsonSerializer.Deserialize<RunFork>(text, GeneratedDocument);
        return read is { Run: not null, Changes: not null } ? read
            : throw new JsonException("found no parent, expected run, step and changes");
    }

    /// <summary>A run's data as a document; numbers come back to the bit.</summary>
    public static string Write(RunData data) => JsonSerializer.Serialize(data, GeneratedDocument);

    /// <summary>A description as a document.</summary>
    public static string Write(DataDescription description) => JsonSerializer.Serialize(description, GeneratedDocument);

    /// <summary>What came of an audit as a document.</summary>
    public static string Write(AuditedStep audited) => JsonSerializer.Serialize(audited, GeneratedDocument);

    /// <summary>A run's data from a document.</summary>
    /// <exception cref="JsonException">The text has none.</exception>
    public static RunData ReadData(string text)
    {
        var read = JsonSerializer.Deserialize<RunData>(text, GeneratedDocument) ?? throw new JsonException("null are no data");
        bool isWhole = read.Files is not null && read.Files.All(file => file is { Path: not null, Sha256: not null });
        return isWhole ? read : throw new JsonException("found no files, expected each file's path, length and sha256");
    }

    /// <summary>Generated code leaves null where a document of an older version does not name a property that has a default.</summary>
    private static RunStatus Complete(RunStatus read) => read with
    {
        Message = read.Message ?? "",
        EpochLosses = read.EpochLosses ?? [],
        ValidationLosses = read.ValidationLosses ?? [],
        Metrics = read.Metrics ?? [],
        Trainers = read.Trainers ?? [],
        Directory = read.Directory ?? "",
        Cluster = read.Cluster ?? "",
        Warning = read.Warning ?? "",
        Engine = read.Engine ?? "",
        Arithmetic = read.Arithmetic ?? "",
        Trace = read.Trace ?? "",
        Data = read.Data ?? "",
    };

    private static JsonSerializerOptions Options(bool indented) => new(JsonSerializerDefaults.Web)
    {
        WriteIndented = indented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteOrNull() },
    };

    /// <summary>JSON has no NaN: null is written, and read back as NaN.</summary>
    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override bool HandleNull => true;

        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}

/// <summary>The types of run files.</summary>
[JsonSerializable(typeof(RunEvent))]
[JsonSerializable(typeof(RunStatus))]
[JsonSerializable(typeof(CheckpointState))]
[JsonSerializable(typeof(RunNotes))]
[JsonSerializable(typeof(RunFork))]
[JsonSerializable(typeof(RunData))]
[JsonSerializable(typeof(AuditedStep))]
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class RunJsonTypes : JsonSerializerContext;
