using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Tbptt.Runs;

/// <summary>
/// A hash of a committed state S(n): parameters, state of the optimizers, hidden state of every lane. Equal states have equal hashes on
/// every machine; of unlike states one pair in 2⁶⁴ has. It finds what differs, and is no protection from forgery.
/// </summary>
/// <remarks>What is hashed, in which order: docs/exactness.md. Written as 16 lower-case hexadecimal digits.</remarks>
/// <param name="Value">The 64 bits.</param>
[GenerateSerializer, Immutable, Alias("tbptt.StateHash"), JsonConverter(typeof(StateHashConverter))]
public readonly record struct StateHash([property: Id(0)] ulong Value)
{
    /// <summary>Hexadecimal digits of a hash.</summary>
    internal const int Digits = 16;

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out StateHash hash)
    {
        bool isOne = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            && text!.Length == Digits;
        hash = new(isOne ? value : 0);
        return isOne;
    }

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}

/// <summary>Writes a hash as a text of hexadecimal digits.</summary>
internal sealed class StateHashConverter : JsonConverter<StateHash>
{
    public override StateHash Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && StateHash.TryParse(reader.GetString(), out var hash) ? hash
            : throw new JsonException("found no hash of a state, expected 16 hexadecimal digits");

    public override void Write(Utf8JsonWriter writer, StateHash value, JsonSerializerOptions options)
    {
        Span<char> digits = stackalloc char[StateHash.Digits];
        value.Value.TryFormat(digits, out _, "x16", CultureInfo.InvariantCulture);
        writer.WriteStringValue(digits);
    }
}
