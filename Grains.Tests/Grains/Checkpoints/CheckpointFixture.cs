using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

/// <summary>A run store with one run whose states are drawn, and a coordinator's part in writing them.</summary>
internal sealed class CheckpointFixture : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public CheckpointFixture(RunSpec? spec = null, string? root = null)
    {
        Spec = spec ?? States.Spec();
        Runs = StoreIn(root ?? _directory.Path);
        Store = new(Runs, Time);
        Directory.CreateDirectory(Runs.Of(Run).Path);
    }

    public static RunId Run { get; } = RunId.Parse("r");

    public FakeTimeProvider Time { get; } = new();

    public RunSpec Spec { get; }

    public RunStore Runs { get; }

    public CheckpointStore Store { get; }

    public string Root => Store.DirectoryOf(Run);

    public IEnumerable<string> Candidates => Store.Candidates(Run).Select(name => name.ToString());

    /// <summary>The checkpoints, and all that lies next to them.</summary>
    public IEnumerable<string> Entries => Directory.EnumerateFileSystemEntries(Root).Select(path => Path.GetFileName(path))
        .Order(StringComparer.Ordinal);

    public void Dispose() => _directory.Dispose();

    public static RunStore StoreIn(string root) => new(Options.Create(new TbpttGrainsOptions { RunsDirectory = root }));

    public static CheckpointState About(int generation = 1, double? bestLoss = null, long lastEvent = 7) => new()
    {
        Generation = generation,
        Epoch = 3,
        Chunk = 2,
        SequenceSteps = 12345,
        LastEvent = lastEvent,
        EpochLosses = [0.1 + 0.2, 1.0 / 3, 2e-310],
        ValidationLosses = [],
        Metrics = [new("validation RMSE", 17.7, "sunspots", MetricKind.Validation)],
        BestLoss = bestLoss,
        Device = "cpu",
        Data = [new("/data/a.csv", 12, new string('a', 64))],
    };

    public string DirectoryOf(string name) => Path.Combine(Root, name);

    public TrainingSnapshot Snapshot(int steps)
    {
        var snapshot = new TrainingSnapshot(Spec);
        States.After(Spec, steps).CopyTo(snapshot);
        return snapshot;
    }

    /// <summary>Takes generations until this one is taken.</summary>
    public void Begin(int generation)
    {
        while (Runs.TakeGeneration(Run) < generation)
        {
        }
    }

    /// <summary>Writes the state after so many steps as a coordinator of that generation does, and under it.</summary>
    public CheckpointName Write(int generation, int steps, double? bestLoss = null) =>
        Store.Write(Run, Spec, Snapshot(steps), About(generation, bestLoss), () => { }, rename => rename(generation)).Name;

    /// <summary>Restores, and holds what is restored to the bits of the state after so many steps.</summary>
    public Restoration AssertRestores(string name, int steps, CheckpointStore? store = null)
    {
        var restoration = (store ?? Store).RestoreNewest(Run, Spec);
        Assert.True(restoration.Newest is not null, string.Join('\n', restoration.PassedOver));
        Assert.Equal(name, restoration.Newest.Name.ToString());
        var state = new TrainingState(Spec);
        state.Restore(restoration.Newest.Snapshot);
        States.AssertSame(States.After(Spec, steps), state);
        return restoration;
    }
}
