using System.Text.Json;

namespace Orleans.Tbptt.Cluster.Local;

/// <summary>The line that a silo started by the console prints on standard output: its addresses, or why it did not start.</summary>
public sealed record ReadyLine
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether the silo is part of its cluster.</summary>
    public required bool Ready { get; init; }

    /// <summary>The address for silos.</summary>
    public string? Silo { get; init; }

    /// <summary>The address for clients.</summary>
    public string? Gateway { get; init; }

    /// <summary>Its web page; null where it serves none.</summary>
    public string? Page { get; init; }

    /// <summary>Its process.</summary>
    public int? Pid { get; init; }

    /// <summary>Why it is not ready.</summary>
    public string? Error { get; init; }

    /// <summary>Parses the line; null when it is not a ready line.</summary>
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
