using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The API's JSON options and OpenAPI document.</summary>
internal static class SiloOpenApi
{
    /// <summary>Adds them.</summary>
    public static void AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Converters.Add(RunJson.FiniteOrNullConverter);
            json.SerializerOptions.Converters.Add(new RunIdConverter());
        });
        services.AddOpenApi(Describe);
    }

    private static void Describe(OpenApiOptions document)
    {
        document.ShouldInclude = endpoint => endpoint.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
        document.AddDocumentTransformer((api, _, _) =>
        {
            api.Info = new()
            {
                Title = "Orleans.Tbptt",
                Version = ProtocolVersion.Product,
                Description =
                    "Shows and controls runs. Where the silo requires a token: Authorization: Bearer TOKEN. Requests that change something "
                    + "need the header X-Tbptt, of any value, or the token.",
            };
            return Task.CompletedTask;
        });
        // The schema generator cannot see through these types' converters.
        document.AddSchemaTransformer((schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (type == typeof(double))
                (schema.Type, schema.Format) = (JsonSchemaType.Number | JsonSchemaType.Null, "double");
            else if (type == typeof(RunId) || type == typeof(RunState) || type == typeof(TrainerState))
                schema.Type = JsonSchemaType.String;
            return Task.CompletedTask;
        });
    }

    /// <summary>Writes a run ID as a string.</summary>
    private sealed class RunIdConverter : JsonConverter<RunId>
    {
        public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            RunId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException($"expected a run id: {RunId.Expected}");

        public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Text);
    }
}
