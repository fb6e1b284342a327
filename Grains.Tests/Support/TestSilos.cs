using Microsoft.Data.Sqlite;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.TestingHost;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Silos in this process, with their own run store.</summary>
internal sealed class TestSilos : IAsyncDisposable
{
    private readonly TemporaryDirectory _store;
    private int _runs;

    private TestSilos(InProcessTestCluster cluster, TemporaryDirectory store) => (Cluster, _store) = (cluster, store);

    public InProcessTestCluster Cluster { get; }

    public IGrainFactory Grains => Cluster.Client;

    public string Store => _store.Path;

    /// <param name="silos">How many.</param>
    /// <param name="configure">Sets more.</param>
    /// <param name="slots">Trainers that each takes.</param>
    /// <param name="directSteps">Whether steps take the short ways: filters of grain calls do not see those.</param>
    /// <param name="configureClient">Sets more of the client.</param>
    public static async Task<TestSilos> Start(
        int silos, Action<ISiloBuilder>? configure = null, int slots = 64, bool directSteps = false,
        Action<IClientBuilder>? configureClient = null)
    {
        var store = new TemporaryDirectory();
        var builder = new InProcessTestClusterBuilder((short)silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddTbptt(options =>
            {
                options.RunsDirectory = store.Path;
                options.Slots = slots;
                options.DirectSteps = directSteps;
                options.FollowPeriod = TimeSpan.FromMilliseconds(5);
                options.ScalePeriod = TimeSpan.FromMilliseconds(20);
                options.GrainDirectory =
                    new AdoNetGrainDirectory(SqliteFactory.Instance, $"Data Source={store.File("directory.db")};Pooling=False", "test");
            });
            configure?.Invoke(silo);
        });
        if (configureClient is not null)
            builder.ConfigureClient(configureClient);
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, store);
    }

    public RunDirectory Directory(RunId run) => new(Store, run);

    /// <summary>Submits a run and fails the test when it is refused.</summary>
    public Task<RunId> Submit(RunSpec spec, int priority = 0) => Grains.Submit(spec, Interlocked.Increment(ref _runs), priority);

    /// <summary>Trains a run to its end.</summary>
    public async Task<FinishedRun> Train(RunSpec spec) => await Watch(await Submit(spec));

    /// <summary>Reads a run's events up to the last one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="ends">How many ends it has: one that was stopped and resumed has two.</param>
    public async Task<FinishedRun> Watch(RunId run, int ends = 1)
    {
        var lines = await Read(run, one => one.Count(line => line.StartsWith("{\"type\":\"end\"", StringComparison.Ordinal)) >= ends);
        return new(Directory(run), await Grains.GetGrain<ICoordinatorGrain>(run.Text).GetStatus(), lines);
    }

    /// <summary>Reads a run's events up to one of a type.</summary>
    public Task Until<T>(RunId run, Func<T, bool> isIt)
        where T : RunEvent
        => Read(run, lines => lines.Select(RunJson.ReadEvent).OfType<T>().Any(isIt));

    private async Task<IReadOnlyList<string>> Read(RunId run, Func<IReadOnlyList<string>, bool> isEnough)
    {
        var coordinator = Grains.GetGrain<ICoordinatorGrain>(run.Text);
        List<string> lines = [];
        while (!isEnough(lines))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            lines.AddRange((await coordinator.ReadEvents(lines.Count, 10_000)).Lines);
        }

        return lines;
    }

    /// <summary>A run's events, to be waited for one after another.</summary>
    public ComingEvents EventsOf(RunId run) => new(Grains.GetGrain<ICoordinatorGrain>(run.Text));

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        _store.Dispose();
    }
}

/// <summary>A run that has ended, as a watcher saw it and as its files have it.</summary>
internal sealed record FinishedRun(RunDirectory Directory, RunStatus Status, IReadOnlyList<string> Lines)
{
    public IReadOnlyList<RunEvent> Events { get; } = [.. Lines.Select(RunJson.ReadEvent)];

    public RunEnded End => (RunEnded)Events[^1];

    public double[] StepLosses => [.. Events.OfType<StepCommitted>().Select(step => step.Loss)];

    public double[] GradientNorms => [.. Events.OfType<StepCommitted>().Select(step => step.GradientNorm)];

    public double[] DifferenceNorms => [.. Events.OfType<StepCommitted>().Select(step => step.DifferenceNorm).OfType<double>()];

    public double[] EpochLosses => [.. Events.OfType<EpochFinished>().Select(epoch => epoch.Loss)];

    public float[] Model(ParameterLayout layout)
    {
        var parameters = new float[layout.Length];
        Orleans.Tbptt.Data.Safetensors.SafetensorsFile.ReadInto(Directory.Model, layout, parameters);
        return parameters;
    }
}

/// <summary>Reads what a run's directory says of it.</summary>
internal static class RunDirectories
{
    /// <summary>The spec on the disk: what a coordinator after this one begins with.</summary>
    public static RunSpec ReadSpec(this RunDirectory directory) => SpecLoader.Parse(
        new SpecText(File.ReadAllText(directory.Spec), directory.Spec, directory.Path), filesMustExist: false).Spec!;
}
