using System.Text.Json;

namespace Orleans.Tbptt.Cluster.Local;

/// <summary>The one line that a silo started by the console prints on its standard output: where it listens, or why it does not.</summary>
public sealed record ReadyLine
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether the silo is part of its cluster.</summary>
    public required bool Ready { get; init; }

    /// <summary>The address that silos reach it at.</summary>
    public string? Silo { get; init; }

    /// <summary>The address that clients reach it at.</summary>
    public string? Gateway { get; init; }

    /// <summary>Its web page; null where it serves none.</summary>
    public string? Page { get; init; }

    /// <summary>Its process.</summary>
    public int? Pid { get; init; }

    /// <summary>Why it is not ready.</summary>
    public string? Error { get; init; }

    /// <summary>Reads the line; null when it is something else.</summary>
    public static ReadyLine? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<ReadyLine>(line, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The line, without its end.</summary>
    public override string ToString() => JsonSerializer.Serialize(this, Json);
}
