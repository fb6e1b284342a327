using System.Buffers;
using System.Text.Json;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>Writes answers to rows, as the serializer would.</summary>
internal static class ForecastsWriter
{
    /// <summary>An answer as JSON.</summary>
    public static ReadOnlyMemory<byte> Write(ApiForecasts forecasts)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, new() { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("first"u8, forecasts.First);
            json.WriteStartArray("forecasts"u8);
            foreach (double[] row in forecasts.Forecasts)
            {
                json.WriteStartArray();
                foreach (double value in row)
                {
                    if (double.IsFinite(value))
                        json.WriteNumberValue(value);
                    else
                        json.WriteNullValue();
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
