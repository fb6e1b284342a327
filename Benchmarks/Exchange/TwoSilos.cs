using System.Diagnostics;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>Runs on separate silo processes, started and ended by the console.</summary>
internal static class TwoSilos
{
    /// <summary>Trains a spec with one trainer on each of two silos.</summary>
    /// <returns>Microseconds per step of each epoch, from the run's events, which exclude placing trainers and opening data.</returns>
    public static async Task<double[]> Train(RunSpec spec, int silos = 2)
    {
        string store = Directory.CreateTempSubdirectory("tbptt-exchange-").FullName;
        try
        {
            string file = Path.Combine(store, "spec.yaml");
            await File.WriteAllTextAsync(file, SpecWriter.ToYaml(spec));
            var start = new ProcessStartInfo("dotnet",
                [Console(), "train", file, "--silos", $"{silos}", "--runs", store, "--output", "json"])
            {
                RedirectStandardOutput = true,
            };
            using var console = Process.Start(start) ?? throw new InvalidOperationException("the console was not started");
            var steps = new List<double>();
            long before = 0;
            while (await console.StandardOutput.ReadLineAsync() is { } line)
            {
                if (!line.StartsWith("{\"type\":\"epoch\"", StringComparison.Ordinal) || RunJson.ReadEvent(line) is not EpochFinished epoch)
                    continue;
                steps.Add(epoch.Seconds * 1e6 / (epoch.Step - before));
                before = epoch.Step;
            }

            await console.WaitForExitAsync();
            return console.ExitCode == 0 ? [.. steps]
                : throw new InvalidOperationException($"the console ended with exit code {console.ExitCode}");
        }
        finally
        {
            Directory.Delete(store, recursive: true);
        }
    }

    /// <summary>The console's program, in the build's outputs.</summary>
    private static string Console()
    {
        string own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        string program = Path.GetFullPath(Path.Combine(own, "..", "..", "Client", Path.GetFileName(own), "tbptt.dll"));
        return File.Exists(program) ? program : throw new FileNotFoundException($"the console is missing: build Client first ({program})");
    }
}
