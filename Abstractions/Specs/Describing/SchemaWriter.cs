using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orleans.Tbptt.Specs.Describing;

/// <summary>Writes the keys of a spec as a JSON Schema (draft 7, which editors of YAML know).</summary>
internal static class SchemaWriter
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema of a whole spec.</summary>
    public static string Write(IReadOnlyList<KeyDescription> keys) => Write("A run spec of tbptt", Section(keys));

    /// <summary>The schema of a file.</summary>
    /// <param name="title">What the file is.</param>
    /// <param name="section">What it holds.</param>
    public static string Write(string title, JsonObject section)
    {
        var schema = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = title };
        foreach (var (name, value) in section.ToArray())
            schema[name] = value?.DeepClone();
        return schema.ToJsonString(Options) + "\n";
    }

    /// <summary>A section of keys, and of no others.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="word">The word that stands at the key <c>name</c>; null where the section has none.</param>
    /// <param name="needsName">Whether it must stand there.</param>
    public static JsonObject Section(IReadOnlyList<KeyDescription> keys, string? word = null, bool needsName = true)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        if (word is not null)
        {
            properties["name"] = new JsonObject { ["const"] = word };
            if (needsName)
                required.Add("name");
        }

        foreach (var key in keys)
        {
            properties[key.Name] = Value(key);
            if (key.Default is null)
                required.Add(key.Name);
        }

        var section = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (required.Count > 0)
            section["required"] = required;
        return section;
    }

    private static JsonObject Value(KeyDescription key)
    {
        JsonObject value = key.Type switch
        {
            ValueType.Integer when key.Keys.Count > 0 =>
                new() { ["anyOf"] = new JsonArray(Bounded("integer", key), Section(key.Keys)) },
            ValueType.Integer when key.Pattern is not null =>
                new() { ["type"] = new JsonArray("integer", "string"), ["minimum"] = key.Low },
            ValueType.Integer => Bounded("integer", key),
            ValueType.Number => Bounded("number", key),
            ValueType.Pair => new() { ["type"] = "array", ["items"] = Bounded("number", key), ["minItems"] = 2, ["maxItems"] = 2 },
            ValueType.Numbers => new() { ["type"] = "array", ["items"] = Bounded("number", key), ["minItems"] = 1 },
            ValueType.Boolean => new() { ["type"] = "boolean" },
            ValueType.Text => new() { ["type"] = key.MayBeNumber ? new JsonArray("string", "number") : "string" },
            ValueType.Texts => new()
            {
                ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" }, ["uniqueItems"] = true,
                ["minItems"] = (int)key.Low!.Value,
            },
            ValueType.Names => new()
            {
                ["type"] = "object",
                ["additionalProperties"] = key.Choices.Count > 0 ? Words(key) : key.Low is null ? new() { ["type"] = "string" }
                    : Bounded("integer", key),
            },
            ValueType.Word => Words(key),
            ValueType.Choice => Choice(key),
            ValueType.Section => Section(key.Keys),
            ValueType.NumberOrSection => new() { ["anyOf"] = new JsonArray(Bounded("number", key), Section(key.Keys)) },
            _ => throw new InvalidOperationException($"{key.Name} is of type {key.Type}, which has no schema"),
        };
        if (key.Pattern is not null)
            value["pattern"] = key.Pattern;
        value["description"] = Documentation.Of(key).Replace("`", "", StringComparison.Ordinal);
        return value;
    }

    private static JsonObject Words(KeyDescription key) =>
        new() { ["enum"] = new JsonArray([.. key.Choices.Select(choice => (JsonNode)choice.Word)]) };

    private static JsonObject Bounded(string type, KeyDescription key)
    {
        var value = new JsonObject { ["type"] = type };
        if (key.Low is { } low)
            value["minimum"] = low;
        if (key.High is { } high)
            value["maximum"] = high;
        return value;
    }

    /// <summary>A section of name and keys, or a word alone where no key is required.</summary>
    private static JsonObject Choice(KeyDescription key)
    {
        var words = key.Choices.Where(choice => choice.Keys.All(own => own.Default is not null)).Select(choice => (JsonNode)choice.Word)
            .ToArray();
        var sections = key.Choices.Select(choice => (JsonNode)Section(
            choice.Keys, choice.Word, needsName: choice.Word != key.Default && !choice.IsKnownByItsKeys)).ToArray();
        return new() { ["anyOf"] =
            new JsonArray(words.Length == 0 ? sections : [new JsonObject { ["enum"] = new JsonArray(words) }, .. sections]) };
    }
}
