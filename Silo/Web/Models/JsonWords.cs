using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>Words for values of JSON that were not expected.</summary>
internal static class JsonWords
{
    private const int MostText = 40;

    /// <summary>A value, as messages call it.</summary>
    public static string Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => TextOf(value.GetString()!),
        JsonValueKind.Number => $"the number {value.GetRawText()}",
        _ => value.ValueKind == JsonValueKind.True ? "true" : "false",
    };

    private static string TextOf(string text) => $"the text '{Text.OneLine(text[..Math.Min(MostText, text.Length)])}'";
}
