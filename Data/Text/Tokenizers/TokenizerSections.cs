using System.Text.Json;

namespace Orleans.Tbptt.Data.Text.Tokenizers;

/// <summary>Reads sections of a <c>tokenizer.json</c>.</summary>
internal static class TokenizerSections
{
    public static JsonElement Section(JsonElement of, string key, JsonValueKind kind = JsonValueKind.Object) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(key, out JsonElement section) && section.ValueKind == kind ? section
        : throw TokenizerException.Damaged($"no {key}");

    public static string? TypeOf(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement part) && part.ValueKind == JsonValueKind.Object ? TextOf(part, "type") ?? "none" : null;

    public static string? TextOf(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    public static bool Flag(JsonElement of, string key) =>
        of.TryGetProperty(key, out JsonElement flag) && flag.ValueKind == JsonValueKind.True;

    public static int Number(JsonElement id) => id.TryGetInt32(out int number) && number >= 0 && number < Vocabulary.Most ? number
        : throw TokenizerException.Damaged(
            FormattableString.Invariant($"the number {id} of a token, which is not from 0 to {Vocabulary.Most - 1:N0}"));
}
