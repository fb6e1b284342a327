using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Statements;

/// <summary>A file by its content.</summary>
/// <param name="Name">Its name, without a directory of the machine.</param>
/// <param name="Length">Its length in bytes; null where it is not recorded.</param>
/// <param name="Sha256">Its SHA-256, in small hexadecimal digits.</param>
internal sealed record NamedFile(string Name, long? Length, string Sha256);

/// <summary>What a statement says: that a model was computed again from spec and data, and that every bit was the same.</summary>
internal sealed record ModelStatement
{
    /// <summary>The type of the payload.</summary>
    public const string PayloadType = "application/vnd.in-toto+json";

    /// <summary>The type of the statement.</summary>
    public const string Type = "https://in-toto.io/Statement/v1";

    /// <summary>The type of the predicate (docs/exactness.md): a name in a domain that nobody can own, so it leads nowhere.</summary>
    public const string PredicateType = "https://orleans-tbptt.invalid/verification/v1";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The files with the weights.</summary>
    public required IReadOnlyList<NamedFile> Subjects { get; init; }

    /// <summary>By what the bits were computed.</summary>
    public required string Arithmetic { get; init; }

    /// <summary>The data, in order.</summary>
    public required IReadOnlyList<NamedFile> Data { get; init; }

    /// <summary>The program that verified, and its version.</summary>
    public required string Product { get; init; }

    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>SHA-256 of the spec's text, as the model package has it.</summary>
    public required string Spec { get; init; }

    /// <summary>SHA-256 of the parameters' bytes, as the model package has it.</summary>
    public required string Weights { get; init; }

    /// <summary>The step of the last state.</summary>
    public required long Step { get; init; }

    /// <summary>The hash of the last state.</summary>
    public required StateHash State { get; init; }

    /// <summary>The first state that was computed from: its step.</summary>
    public required long From { get; init; }

    /// <summary>Steps that were compared with what the run published.</summary>
    public required long Compared { get; init; }

    /// <summary>The statement as JSON, names in ordinal order, numbers whole, no space between: equal ones are equal bytes.</summary>
    public byte[] Write()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("_type", Type);
            json.WriteStartObject("predicate");
            json.WriteString("arithmetic", Arithmetic);
            json.WriteStartArray("data");
            foreach (var file in Data)
            {
                json.WriteStartObject();
                if (file.Length is { } length)
                    json.WriteNumber("length", length);
                json.WriteString("name", file.Name);
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("product", Product);
            json.WriteString("run", Run);
            json.WriteString("specSha256", Spec);
            json.WriteString("stateHash", $"{State}");
            json.WriteNumber("step", Step);
            json.WriteNumber("stepsCompared", Compared);
            json.WriteNumber("verifiedFrom", From);
            json.WriteString("weightsSha256", Weights);
            json.WriteEndObject();
            json.WriteString("predicateType", PredicateType);
            json.WriteStartArray("subject");
            foreach (var file in Subjects)
            {
                json.WriteStartObject();
                json.WriteStartObject("digest");
                json.WriteString("sha256", file.Sha256);
                json.WriteEndObject();
                json.WriteString("name", file.Name);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Reads a statement.</summary>
    /// <exception cref="FormatException">It is none of this type; says what is missing.</exception>
    public static ModelStatement Read(byte[] payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, Strict);
            var root = document.RootElement;
            Expect(root, "_type", Type);
            Expect(root, "predicateType", PredicateType);
            var predicate = root.GetProperty("predicate");
            string Text(string name) => predicate.GetProperty(name).GetString() ?? throw new FormatException($"found null for {name}");
            return new()
            {
                Subjects = [.. root.GetProperty("subject").EnumerateArray().Select(Subject)],
                Arithmetic = Text("arithmetic"),
                Data = [.. predicate.GetProperty("data").EnumerateArray().Select(DataOf)],
                Product = Text("product"),
                Run = Text("run"),
                Spec = Text("specSha256"),
                Weights = Text("weightsSha256"),
                Step = predicate.GetProperty("step").GetInt64(),
                State = StateHash.TryParse(Text("stateHash"), out var hash) ? hash
                    : throw new FormatException("found a stateHash that is none, expected 16 hexadecimal digits"),
                From = predicate.GetProperty("verifiedFrom").GetInt64(),
                Compared = predicate.GetProperty("stepsCompared").GetInt64(),
            };
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"found a payload that is no statement of this type ({exception.Message})", exception);
        }
    }

    private static NamedFile Subject(JsonElement one) => new(
        one.TryGetProperty("name", out var name) ? name.GetString() ?? "" : "", null,
        one.GetProperty("digest").GetProperty("sha256").GetString() ?? "");

    private static NamedFile DataOf(JsonElement one) => new(
        one.GetProperty("name").GetString() ?? "", one.TryGetProperty("length", out var length) ? length.GetInt64() : null,
        one.GetProperty("sha256").GetString() ?? "");

    private static void Expect(JsonElement root, string name, string expected)
    {
        if (root.GetProperty(name).GetString() is var found && found != expected)
            throw new FormatException($"found {name} '{found}', expected '{expected}'");
    }
}
