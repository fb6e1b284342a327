using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Benchmarks;

/// <summary>One silo in this process with its own run store, to compare a run with the same network without a silo.</summary>
internal sealed class LocalSilo : IAsyncDisposable
{
    private readonly string _store;
    private readonly IHost _host;

    private LocalSilo(IHost host, string store) => (_host, _store) = (host, store);

    /// <summary>The average example with one trainer, 300 steps an epoch.</summary>
    public static RunSpec Average(int epochs) => new()
    {
        Name = "average",
        Engine = new AutoEngine(),
        Model = new() { Cell = new LstmCell(), InputSize = 10, HiddenSize = 20, OutputSize = 5 },
        Data = new() { Source = new AverageSource { Sequences = 300, SequenceLength = 100 }, BatchSize = 10 },
        Tbptt = new() { ChunkCount = 10 },
        Train = new() { Epochs = epochs, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
    };

    /// <summary>Starts the silo.</summary>
    /// <param name="configure">Additional configuration.</param>
    /// <param name="silo">Its number, because silos of one process need different ports.</param>
    public static async Task<LocalSilo> Start(Action<ISiloBuilder>? configure = null, int silo = 0)
    {
        string store = Directory.CreateTempSubdirectory("tbptt-benchmark-").FullName;
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(orleans =>
        {
            orleans.UseLocalhostClustering(11_111 + silo, 30_000 + silo)
                .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = "benchmark")
                .AddTbptt(options =>
                {
                    options.RunsDirectory = store;

                    // A run does not wait until the trainers of the previous run are gone.
                    options.Slots = 64;
                    options.GrainDirectory = new AdoNetGrainDirectory(
                        SqliteFactory.Instance, $"Data Source={Path.Combine(store, "directory.db")};Pooling=False", "benchmark");
                });
            configure?.Invoke(orleans);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new(host, store);
    }

    /// <summary>Trains a run to its end.</summary>
    /// <param name="run">Its ID.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="watch">Called with the status regularly.</param>
    public async Task<RunDirectory> Train(RunId run, RunSpec spec, Action<RunStatus>? watch = null)
    {
        var coordinator = await Submit(_host, run, spec);
        var status = await coordinator.GetStatus();
        for (long seen = 0; !status.HasEnded; status = await coordinator.GetStatus())
        {
            seen = (await coordinator.ReadEvents(seen, 10_000)).Last;
            watch?.Invoke(status);
        }

        return status.State == RunState.Completed ? new(_store, run)
            : throw new InvalidOperationException($"{run} ended as {status.State}: {status.Message}");
    }

    /// <summary>Drives a sweep to its end.</summary>
    /// <param name="sweep">Its ID.</param>
    /// <param name="text">Its file.</param>
    /// <param name="spec">The spec that it varies.</param>
    public async Task<SweepStatus> Sweep(RunId sweep, string text, RunSpec spec)
    {
        var grains = _host.Services.GetRequiredService<IGrainFactory>();
        var reply = await grains.GetGrain<ISweepCatalogGrain>(0).Submit(new(
            sweep, new(new(text, "sweep.yaml", "/"), new(SpecWriter.ToYaml(spec), "base.yaml", "/")), Protocol: ProtocolVersion.Current));
        if (reply.Problems.Count > 0)
            throw new SpecException(reply.Problems);
        var grain = grains.GetGrain<ISweepGrain>(sweep.Text);
        var status = await grain.GetStatus();
        for (; !status.HasEnded; status = await grain.GetStatus())
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        return status.State == RunState.Completed ? status
            : throw new InvalidOperationException($"{sweep} ended as {status.State}: {status.Message}");
    }

    /// <summary>Submits a run to a silo.</summary>
    /// <returns>Its coordinator.</returns>
    internal static async Task<ICoordinatorGrain> Submit(IHost host, RunId run, RunSpec spec)
    {
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var reply = await grains.GetGrain<ICatalogGrain>(0)
            .Submit(new(run, new(SpecWriter.ToYaml(spec), "spec.yaml", "/"), Protocol: ProtocolVersion.Current));
        return reply.Problems.Count == 0 ? grains.GetGrain<ICoordinatorGrain>(run.Text) : throw new SpecException(reply.Problems);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        Directory.Delete(_store, recursive: true);
    }
}
