using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Cluster;

namespace Orleans.Tbptt.Client.Doctor;

/// <summary>What silos of this installation can compute with. A silo process finds out: the console never loads libtorch.</summary>
/// <param name="find">Finds the silo program.</param>
/// <param name="mayHaveGpu">Whether this machine may have a GPU; false is certain.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineChecks(Func<SiloProgram> find, Func<bool> mayHaveGpu, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>All findings.</summary>
    public async Task<IReadOnlyList<Finding>> AllAsync()
    {
        SiloProgram program;
        try
        {
            program = find();
        }
        catch (ClientException exception)
        {
            return [Finding.Problem("silo program", exception.Message, "tbptt-silo.dll", "build or install again")];
        }

        var (report, error) = await ReportAsync(program);
        return [Finding.Ok("silo program", program.Assembly), .. Judge(report, error, mayHaveGpu())];
    }

    /// <summary>Judges what <c>tbptt-silo check-engines</c> printed.</summary>
    /// <param name="report">One line of JSON, or anything else where the process failed.</param>
    /// <param name="error">How it ended.</param>
    /// <param name="mayHaveGpu">Whether this machine may have a GPU.</param>
    internal static IEnumerable<Finding> Judge(string report, string error, bool mayHaveGpu)
    {
        if (Parse(report) is not { } engines)
        {
            yield return Finding.Problem("engine", $"a silo process that ended without an answer ({error})", "its engines",
                "run 'tbptt-silo check-engines' to see why");
            yield break;
        }

        yield return Finding.Ok("engine", "fused, on CPUs");
        if (engines["libtorch"]?.GetValue<string>() is { } problem)
        {
            yield return Finding.Warning("libtorch", problem, "libtorch, which engine: torch and GPUs need",
                "use engine: fused, or mend it");
            yield break;
        }

        string from = engines["libtorchFolder"]?.GetValue<string>() is { } folder ? $" from {folder}" : "";
        yield return engines["libtorchWarning"]?.GetValue<string>() is { } unusual
            ? Finding.Warning("libtorch", unusual, "the version that TorchSharp was built against", "install that version")
            : Finding.Ok("libtorch", $"loaded{from}, TorchSharp {engines["torchSharp"]}");
        int devices = engines["cudaDevices"]?.GetValue<int>() ?? 0;
        yield return devices > 0 ? Finding.Ok("CUDA", devices == 1 ? "cuda:0" : $"cuda:0 to cuda:{devices - 1}")
            : mayHaveGpu ? Finding.Warning("CUDA", $"an NVIDIA driver, but {engines["whyNoCuda"]}", "a device",
                "build with -p:TorchBackend=cuda, and look at nvidia-smi")
            : Finding.Ok("CUDA", "no GPU");
    }

    private async Task<(string Report, string Error)> ReportAsync(SiloProgram program)
    {
        using var process = Process.Start(program.StartInfo(["check-engines"]))!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Limit, time);
        }
        catch (TimeoutException)
        {
            process.Kill();
            return ("", $"no answer within {Limit.TotalSeconds} s");
        }

        return (await output, $"exit code {process.ExitCode}: {(await error).Trim()}");
    }

    private static JsonObject? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
