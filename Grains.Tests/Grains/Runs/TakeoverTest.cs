using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Grains.Checkpoints;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A run in a store of the test's own, to be taken over.</summary>
public abstract class TakeoverTest : IAsyncDisposable
{
    private protected static readonly RunSpec Spec = States.Spec();
    private protected CheckpointFixture Saved { get; } = new(Spec);
    private readonly List<Takeover> _takeovers = [];

    protected TakeoverTest() => Saved.Runs.Create(Spec, Status());

    private protected static RunId Run => CheckpointFixture.Run;

    private protected RunDirectory Directory => Saved.Runs.Of(Run);

    public async ValueTask DisposeAsync()
    {
        foreach (var takeover in _takeovers)
            await takeover.Progress.Journal.DisposeAsync();
        Saved.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Takeover Begin(RunStatus? status = null, ResumeRequest? request = null)
    {
        // Neither data nor other grains are needed to take a run over.
        var services = new RunServices(Saved.Runs, Saved.Store, null!, null!, null!, null!, null!, null!, null!, Saved.Time, null!, null!,
            null!);
        var takeover = Takeover.Begin(services, status ?? Status(), request);
        _takeovers.Add(takeover);
        return takeover;
    }

    private protected static RunStatus Status() => new() { Id = Run.Text, Name = Spec.Name, State = RunState.Starting, Epochs = 9 };

    private protected void Save(int generation, int steps, long lastEvent) => Saved.Store.Write(
        Run, Spec, Saved.Snapshot(steps), CheckpointFixture.About(generation, lastEvent: lastEvent), () => { }, rename =>
            rename(generation));

    /// <summary>What a first coordinator leaves behind: its steps in the journal, and checkpoints after some of them.</summary>
    private protected void Leave(int steps, params int[] checkpoints)
    {
        Saved.Begin(1);
        foreach (int checkpoint in checkpoints)
            Save(1, checkpoint, lastEvent: checkpoint);
        Report(Steps(steps));
    }

    private protected void Damage(string checkpoint)
    {
        using var file = new FileStream(Path.Combine(Saved.DirectoryOf(checkpoint), "hidden.safetensors"), FileMode.Open);
        file.SetLength(file.Length - 1);
    }

    private protected void Report(params RunEvent[] events) =>
        File.WriteAllText(Directory.Metrics,
            string.Concat(events.Select((one, index) => RunJson.Write(one with { Number = index + 1 }) + "\n")));

    private protected static RunEvent[] Steps(int count) => [.. Enumerable.Range(1, count).Select(step => Step(step))];

    private protected static StepCommitted Step(long step) =>
        new() { Generation = 1, Step = step, Epoch = 1, Loss = 1, GradientNorm = 1, LearningRate = 1, Weight = 1, Seconds = 1 };

    private protected static RunEnded End(int generation) =>
        new() { Generation = generation, State = RunState.Diverged, Message = "its own words", Step = 1, Seconds = 1 };
}
