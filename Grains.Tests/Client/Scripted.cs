using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Events and a spec to play with.</summary>
internal static class Sample
{
    public static readonly RunId Run = RunId.Parse("wave-1");

    public static readonly RunSpec Spec = new()
    {
        Name = "wave",
        Model = new() { HiddenSize = 4, InputSize = 1, OutputSize = 1 },
        Data = new() { Source = SourceKind.Sine, BatchSize = 20 },
        Tbptt = new() { ChunkLength = 10 },
        Train = new() { Epochs = 2, Loss = LossKind.Mse, Optimizer = new() { Name = OptimizerKind.Adam, Lr = 0.01 } },
    };

    public static RunStarted Started(int generation = 1) => new()
    {
        Run = "wave-1", Name = "wave", Epochs = 2, StepsPerEpoch = 2, Trainers = 1, Lanes = 20, Parameters = 12_345,
        Directory = "/runs/wave-1", Generation = generation,
    };

    public static StepCommitted Step(long step, double loss = 0.5) => new()
    {
        Step = step, Epoch = (int)((step - 1) / 2) + 1, Loss = loss, GradientNorm = 1, LearningRate = 0.01, Weight = 200, Seconds = 0.1,
    };

    public static EpochFinished Epoch(int epoch, double loss, double? validation = null, params Metric[] metrics) => new()
    {
        Epoch = epoch, Step = epoch * 2, Loss = loss, ValidationLoss = validation, Metrics = metrics, Seconds = 1.25,
    };

    public static RunEnded Ended(RunState state, string message = "") => new()
    {
        State = state, Message = message, Step = 4, Seconds = 3.5, Model = state == RunState.Completed ? "/runs/wave-1/model.safetensors" : null,
    };

    /// <summary>The events as a journal has them: numbered from 1.</summary>
    public static IReadOnlyList<string> Lines(params RunEvent[] events) =>
        [.. events.Select((item, index) => RunJson.Write(item with { Number = index + 1 }))];
}

/// <summary>A cluster that plays a script: events come as the test gives them, calls fail as the test says.</summary>
internal sealed class ScriptedCluster : IClusterLauncher, IRunService
{
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<string> Lines { get; } = [];

    /// <summary>What each call of ReadEvents does before it answers; calls beyond these just answer.</summary>
    public Queue<Func<Task>> BeforeReads { get; } = new();

    public List<long> Asked { get; } = [];

    public List<string> Calls { get; } = [];

    public SubmitReply Reply { get; set; } = new([], "/runs/wave-1");

    public RunStatus? Status { get; set; }

    /// <summary>What comes before a cluster is there.</summary>
    public Func<Task> BeforeLaunch { get; set; } = () => Task.CompletedTask;

    /// <summary>What comes before a submission is answered.</summary>
    public Func<Task> BeforeReply { get; set; } = () => Task.CompletedTask;

    public TaskCompletionSource Watched { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClusterPlan? Plan { get; private set; }

    public void Lose(string cause) => _lost.SetResult(cause);

    public async Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, Action<string> notice, CancellationToken cancellation)
    {
        Plan = plan;
        Calls.Add("launch");
        await BeforeLaunch();
        return new Silos(this);
    }

    public async Task<SubmitReply> SubmitAsync(SubmitRequest request)
    {
        Calls.Add("submit");
        await BeforeReply();
        return Reply;
    }

    public async Task<EventPage> ReadEventsAsync(RunId run, long after, int limit)
    {
        Asked.Add(after);
        if (BeforeReads.TryDequeue(out var before))
            await before();
        string[] lines = [.. Lines.Skip((int)after).Take(limit)];
        if (lines.Length == 0)
            Watched.TrySetResult();
        return new(lines, after + lines.Length);
    }

    public Task<RunStatus> GetStatusAsync(RunId run) => Task.FromResult(Status ?? throw new RunNotFoundException(run.Text));

    public Task StopAsync(RunId run, string reason)
    {
        Calls.Add($"stop: {reason}");
        Lines.AddRange(Sample.Lines([.. Enumerable.Repeat(Sample.Step(1), Lines.Count), Sample.Ended(RunState.Stopped, reason)]).Skip(Lines.Count));
        return Task.CompletedTask;
    }

    public void Kill() => Calls.Add("kill");

    private sealed class Silos(ScriptedCluster script) : ITrainingCluster
    {
        public IRunService Runs => script;

        public IReadOnlyList<int> Pids => [41, 42];

        public Task<string> Lost => script._lost.Task;

        public Task EndAsync()
        {
            script.Calls.Add("end");
            return Task.CompletedTask;
        }

        public void Kill() => script.Kill();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>Remembers what a watcher told it.</summary>
internal sealed class RecordingView : IRunView
{
    public List<string> Lines { get; } = [];

    public List<RunEvent?> Events { get; } = [];

    public List<string> Notices { get; } = [];

    public bool WantsStatus => false;

    public Task<T> ShowAsync<T>(Func<Task<T>> body) => body();

    public void OnEvent(string line, RunEvent? runEvent)
    {
        Lines.Add(line);
        Events.Add(runEvent);
    }

    public void OnStatus(RunStatus status) => throw new InvalidOperationException("not wanted");

    public void OnNotice(string text) => Notices.Add(text);

    public void OnTick()
    {
    }
}

/// <summary>A checker with one answer.</summary>
internal sealed class FixedChecker(params SpecProblem[] problems) : ISpecChecker
{
    public CheckedSpec Check(string specPath, IReadOnlyList<string> sets) => problems.Length > 0
        ? throw new SpecException(problems)
        : new(new(Sample.Spec, [], new Dictionary<string, string> { ["data"] = $"{specPath}:7:3" }, specPath), Sample.Spec, 75);
}
