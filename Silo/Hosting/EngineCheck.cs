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
    /// <param name="libtorch">The folder of libtorch that the silo's settings name; null where they name none.</param>
    /// <param name="output">Takes the line.</param>
    public static void Write(string? libtorch, TextWriter output)
    {
        var report = new JsonObject();
        LibtorchFolder.Use(libtorch, warning => report["libtorchWarning"] = warning);
        try
        {
            var devices = new LibtorchEngine().FindDevices();
            report["torchSharp"] = AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName())
                .FirstOrDefault(name => name.Name == "TorchSharp")?.Version?.ToString(3);
            report["cudaDevices"] = devices?.CudaDevices ?? 0;
            report["libtorchFolder"] = LibtorchFolder.Named;
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
