using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>A cluster that plays a script: events come as the test gives them, calls fail as the test says.</summary>
internal sealed class ScriptedCluster : IClusterLauncher, IClusterConnector, IRunService
{
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _watched = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<string> Lines { get; } = [];

    /// <summary>What each call of ReadEvents does before it answers; calls beyond these just answer.</summary>
    public Queue<Func<Task>> BeforeReads { get; } = new();

    /// <summary>The same for calls that describe the cluster.</summary>
    public Queue<Func<Task>> BeforeDescriptions { get; } = new();

    /// <summary>The same for submissions.</summary>
    public Queue<Func<Task>> BeforeSubmissions { get; } = new();

    /// <summary>The same for wishes to stop, pause and resume.</summary>
    public Queue<Func<Task>> BeforeControls { get; } = new();

    public List<long> Asked { get; } = [];

    public List<string> Calls { get; } = [];

    public List<SubmitRequest> Submissions { get; } = [];

    public List<ResumeRequest> Resumptions { get; } = [];

    public List<ForkRequest> Forks { get; } = [];

    /// <summary>The clusters that were connected to.</summary>
    public List<ClusterAddress> Opened { get; } = [];

    public ClusterReport Report { get; set; } = new("tbptt", ProtocolVersion.Product, ProtocolVersion.Current, []);

    public SubmitReply Reply { get; set; } = new([], "/runs/wave-1");

    /// <summary>What a wish to pause or resume is refused with; empty to grant it.</summary>
    public string Problem { get; set; } = "";

    /// <summary>What came of the audit of a step.</summary>
    public AuditedStep? Audited { get; set; }

    /// <summary>The run's status; null for what its events add up to.</summary>
    public RunStatus? Status { get; set; }

    /// <summary>The runs of the catalog; the coordinators of all others do not know them. Null for every run there may be.</summary>
    public IReadOnlyList<RunStatus>? Catalog { get; set; }

    /// <summary>Which clusters of SQLite files are alive.</summary>
    public Func<ClusterAddress, bool> IsAlive { get; set; } = _ => false;

    /// <summary>What happens before a cluster exists.</summary>
    public Func<Task> BeforeLaunch { get; set; } = () => Task.CompletedTask;

    /// <summary>Completes when all events so far were read.</summary>
    public Task Watched => _watched.Task;

    public ClusterPlan? Plan { get; private set; }

    /// <summary>What was served, in order.</summary>
    public List<ServePlan> Served { get; } = [];

    public void Lose(string cause) => _lost.SetResult(cause);

    /// <summary>More events; <see cref="Watched"/> waits for them.</summary>
    public void Add(params RunEvent[] events)
    {
        _watched = new(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var item in events)
            Lines.Add(RunJson.Write(item with { Number = Lines.Count + 1 }));
    }

    public Task<IServingSilo> ServeAsync(ServePlan plan, CancellationToken cancellation)
    {
        Served.Add(plan);
        return Task.FromResult<IServingSilo>(new ServingSilo(this));
    }

    public async Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, Action<string> notice, CancellationToken cancellation)
    {
        Plan = plan;
        Calls.Add("launch");
        await BeforeLaunch();
        return new Silos(this);
    }

    public Task<bool> HasSilosAsync(ClusterAddress address, CancellationToken cancellation) => Task.FromResult(IsAlive(address));

    public Task<IClusterSession> OpenAsync(ClusterAddress address, CancellationToken cancellation)
    {
        Opened.Add(address);
        return Task.FromResult<IClusterSession>(new Session(this));
    }

    public async Task<ClusterReport> DescribeAsync()
    {
        await Next(BeforeDescriptions);
        return Report;
    }

    public Task<IReadOnlyList<RunStatus>> ListAsync() => Task.FromResult(Catalog ?? []);

    public async Task<SubmitReply> SubmitAsync(SubmitRequest request)
    {
        Calls.Add("submit");
        Submissions.Add(request);
        await Next(BeforeSubmissions);
        return Reply;
    }

    public async Task<EventPage> ReadEventsAsync(RunId run, long after, int limit)
    {
        Asked.Add(after);
        await Next(BeforeReads);
        string[] lines = [.. Lines.Skip((int)after).Take(limit)];
        if (lines.Length == 0)
            _watched.TrySetResult();
        return new(lines, after + lines.Length);
    }

    public Task<RunStatus> GetStatusAsync(RunId run) => Catalog is null
        ? Task.FromResult(Status ?? Recorded(run))
        : Task.FromResult(Catalog.FirstOrDefault(status => status.Id == run.Text) ?? throw new RunNotFoundException(run.Text));

    public async Task StopAsync(RunId run, string reason)
    {
        Calls.Add($"stop: {reason}");
        await Next(BeforeControls);
        Add(Sample.Ended(RunState.Stopped, reason));
    }

    public async Task<ControlReply> PauseAsync(RunId run, string reason)
    {
        Calls.Add($"pause: {reason}");
        await Next(BeforeControls);
        return new(Problem, await GetStatusAsync(run) with { State = RunState.Paused });
    }

    public async Task<ControlReply> ResumeAsync(RunId run, ResumeRequest request)
    {
        Calls.Add("resume");
        Resumptions.Add(request);
        await Next(BeforeControls);
        return new(Problem, await GetStatusAsync(run) with { State = RunState.Running, UpdatedAt = DateTimeOffset.MaxValue });
    }

    public async Task<SubmitReply> ForkAsync(ForkRequest request)
    {
        Calls.Add("fork");
        Forks.Add(request);
        await Next(BeforeControls);
        return Reply;
    }

    public async Task<ControlReply> ResizeAsync(RunId run, ResizeRequest request)
    {
        Calls.Add($"resize: {request.Trainers}, {request.Reason}");
        await Next(BeforeControls);
        return new(Problem, await GetStatusAsync(run) with
        {
            Trainers = [.. Enumerable.Range(0, request.Trainers)
                .Select(index => new TrainerStatus(index, index, 1, "silo-1", "cpu", TrainerState.Training, Shards: 2))],
        });
    }

    public async Task<AuditReply> AuditAsync(RunId run, AuditRequest request)
    {
        Calls.Add("audit");
        await Next(BeforeControls);
        return new(Problem, await GetStatusAsync(run), Audited);
    }

    public void Kill() => Calls.Add("kill");

    private RunStatus Recorded(RunId run)
    {
        var last = Lines.Count == 0 ? null : RunJson.ReadEvent(Lines[^1]);
        var state = last switch
        {
            RunEnded ended => ended.State,
            RunPaused => RunState.Paused,
            _ => RunState.Running,
        };
        return Sample.Status(state, run.Text) with { Message = (last as RunEnded)?.Message ?? "", LastEvent = Lines.Count };
    }

    /// <summary>A call never answers on the spot: a watcher that asks without a pause would not let go.</summary>
    private static async Task Next(Queue<Func<Task>> before)
    {
        await Task.Yield();
        if (before.TryDequeue(out var first))
            await first();
    }

    private sealed class Session(ScriptedCluster script) : IClusterSession
    {
        public IRunService Runs => script;

        public ISweepService Sweeps { get; } = new NoSweeps();

        public IForecastService Forecasts => throw new NotSupportedException("nobody computes");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class ServingSilo(ScriptedCluster cluster) : IServingSilo
    {
        public int Pid => 4711;

        public string Page => "http://127.0.0.1:8080/";

        public Task<string> Ended => cluster._lost.Task;

        public Task EndAsync()
        {
            cluster.Calls.Add("end");
            return Task.CompletedTask;
        }

        public void Kill() => cluster.Calls.Add("kill");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Silos(ScriptedCluster script) : ITrainingCluster
    {
        public IRunService Runs => script;

        public ISweepService Sweeps { get; } = new NoSweeps();

        public IReadOnlyList<int> Pids => [41, 42];

        public string? Page => null;

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
