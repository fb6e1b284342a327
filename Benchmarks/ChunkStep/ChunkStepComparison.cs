using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Native;
using Orleans.Tbptt.Training.Replicas;

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

        string[] names = ["silo", "single process", "bare", "bare with flat parameters"];
        var microseconds = names.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            double[] figures = [await Train(grains, spec, round), WithoutGrains(spec), Loop(bare, steps), Loop(flat, steps)];
            if (round < 0)
                continue; // warm-up
            Console.WriteLine($"round {round + 1}: {string.Join(", ", names.Zip(figures, (name, figure) => $"{name} {figure:f0} µs"))}");
            foreach (var (list, figure) in microseconds.Zip(figures))
                list.Add(figure);
        }

        double[] medians = [.. microseconds.Select(Median)];
        Console.WriteLine($"median:  {string.Join(", ", names.Zip(medians, (name, figure) => $"{name} {figure:f0} µs"))} a chunk-step");
        Console.WriteLine($"silo / bare {medians[0] / medians[2]:f2}, silo / bare with flat parameters {medians[0] / medians[3]:f2} (goal: at most 1.30)");
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
            .AddTbpttGrains(options =>
            {
                options.RunsDirectory = store;
                options.GrainDirectory = new(SqliteFactory.Instance, $"Data Source={Path.Combine(store, "directory.db")}", "benchmark");
            }));
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

    /// <summary>The same run without grains and messages: what the silo adds is the difference.</summary>
    private static double WithoutGrains(RunSpec spec)
    {
        using var run = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(
            run.Spec, run.Data, () => new TorchReplica(run.Spec.Model, run.Spec.Train.Loss, TorchSharp.torch.CPU));
        long steps = 0, started = Stopwatch.GetTimestamp();
        trainer.Train(_ => steps++);
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / steps;
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
