using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>
/// <c>tbptt-silo check-engines</c>: what a silo of this installation can compute with, as one line of JSON for <c>tbptt doctor</c>.
/// </summary>
internal static class EngineCheck
{
    private static readonly JsonSerializerOptions Json =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Loads libtorch, looks for GPUs, and writes what was found.</summary>
    public static void Write(TextWriter output)
    {
        var report = new JsonObject();
        try
        {
            var devices = new LibtorchEngine().FindDevices();
            report["torchSharp"] = AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName())
                .FirstOrDefault(name => name.Name == "TorchSharp")?.Version?.ToString(3);
            report["cudaDevices"] = devices?.CudaDevices ?? 0;
            if (devices is { CudaDevices: 0 })
                report["whyNoCuda"] = devices.WhyNone;
        }
        catch (EngineUnavailableException exception)
        {
            report["libtorch"] = exception.Message;
        }

        output.WriteLine(report.ToJsonString(Json));
    }
}
