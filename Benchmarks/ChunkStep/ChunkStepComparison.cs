using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Native;

namespace Orleans.Tbptt.Benchmarks.ChunkStep;

/// <summary>
/// The average example's chunk-step: one trainer on a silo of this process, with messages, journal and optimizer, against bare TorchSharp
/// loops of the same net. Rounds alternate, so that a noisy machine is as noisy to each; the ratio of the medians is the result.
/// </summary>
internal static class ChunkStepComparison
{
    public static async Task Run(int rounds, int epochs)
    {
        NativeBackend.Initialize();
        var spec = Average(epochs);
        string store = Directory.CreateTempSubdirectory("tbptt-bench-").FullName;
        using var host = await StartSilo(store);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        using var bare = new BareLoop(spec, flat: false);
        using var flat = new BareLoop(spec, flat: true);
        int steps = 300 * epochs;

        var (silo, plain, flattened) = (new List<double>(), new List<double>(), new List<double>());
        for (int round = -1; round < rounds; round++)
        {
            double ours = await Train(grains, spec, round);
            double theirs = Loop(bare, steps);
            double theirFlat = Loop(flat, steps);
            if (round < 0)
                continue; // warm-up
            silo.Add(ours);
            plain.Add(theirs);
            flattened.Add(theirFlat);
            Console.WriteLine($"round {round + 1}: silo {ours:f0} µs, bare {theirs:f0} µs, bare with flat parameters {theirFlat:f0} µs");
        }

        Console.WriteLine($"median: silo {Median(silo):f0} µs, bare {Median(plain):f0} µs, flat {Median(flattened):f0} µs a chunk-step");
        Console.WriteLine($"ratio to bare {Median(silo) / Median(plain):f2}, to flat {Median(silo) / Median(flattened):f2} (goal: at most 1.30)");
        await host.StopAsync();
        Directory.Delete(store, recursive: true);
    }

    private static RunSpec Average(int epochs) => new()
    {
        Name = "average",
        Model = new() { InputSize = 10, HiddenSize = 20, OutputSize = 5 },
        Data = new() { Source = SourceKind.Average, BatchSize = 10, Sequences = 300, SequenceLength = 100 },
        Tbptt = new() { ChunkCount = 10 },
        Train = new() { Epochs = epochs, Loss = LossKind.Mse, Optimizer = new() { Name = OptimizerKind.Adam, Lr = 1e-3 } },
    };

    private static async Task<IHost> StartSilo(string store)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering()
            .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = "benchmark")
            .AddTbpttGrains(options => options.RunsDirectory = store));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Microseconds a step, by the run's own epoch events: placing trainers and opening data are no steps.</summary>
    private static async Task<double> Train(IGrainFactory grains, RunSpec spec, int round)
    {
        var run = RunId.Parse($"round{round + 1}");
        var reply = await grains.GetGrain<ICatalogGrain>(0).Submit(new(run, spec));
        if (reply.Problems.Count > 0)
            throw new SpecException(reply.Problems);
        var coordinator = grains.GetGrain<ICoordinatorGrain>(run.Text);
        for (long seen = 0; !(await coordinator.GetStatus()).HasEnded;)
            seen = (await coordinator.ReadEvents(seen, 10_000)).Last;

        var epochs = (await File.ReadAllLinesAsync(Path.Combine(reply.Directory, "metrics.jsonl"))).Select(RunJson.ReadEvent).OfType<EpochFinished>();
        return epochs.Average(epoch => epoch.Seconds) / 300 * 1e6;
    }

    private static double Loop(BareLoop loop, int steps)
    {
        long started = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
            loop.Step();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / steps;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
