using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>The grain before a run's coordinator: sees that the run continues, answers watchers, stops, pauses and resumes it.</summary>
// Random placement takes the hint of the supervisor of the run.
[RandomPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed class CoordinatorGrain(RunServices services, IOptions<ClusterOptions> cluster) : Grain, ICoordinatorGrain
{
    private const int LargestPage = 10_000;
    private const int LongestReason = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private ActiveRun? _active;
    private JournalReader? _journal;
    private RunLeave? _end;
    private long _began;

    private RunDirectory Directory => RunId.TryParse(this.GetPrimaryKeyString(), out var run)
        ? services.Store.Of(run)
        : throw new RunNotFoundException(this.GetPrimaryKeyString());

    /// <summary>The run, while it is trained here.</summary>
    private ActiveRun? Active => _active is { Left.IsCompleted: false } active ? active : null;

    /// <summary>The run, while this activation knows most of it: until it is left, and where it has ended also after that.</summary>
    private ActiveRun? Known => Active ?? (_active is { Superseded: false } active && active.Snapshot().HasEnded ? active : null);

    public Task EnsureRunning()
    {
        var status = Written();
        if (services.Occupants.IsLeaving)
        {
            // A run that is trained here finds out first whether another silo stays; then it goes, or stops for good.
            if (Active is null)
                Departure.From(this, services.Cluster);
        }
        else if (Active is null && status is { HasEnded: false, State: not RunState.Paused } && status.Cluster == cluster.Value.ClusterId
            && !MustWait)
            Begin(status, null, End());
        return Task.CompletedTask;
    }

    public Task<RunStatus> GetStatus()
    {
        var status = Known?.Snapshot() ?? Written();

        // The end is published, but status.json could not be written: the run is ended all the same.
        return Task.FromResult(_end is { } end && !status.HasEnded ? status with { State = end.State, Message = end.Message } : status);
    }

    public async Task<EventPage> ReadEvents(long after, int limit)
    {
        (after, limit) = (Math.Max(0, after), Math.Clamp(limit, 1, LargestPage));
        if (Known is { } active && await active.Read(after, limit, Patience) is { } page)
            return page;
        var journal = _journal ??= new(Directory.Metrics);
        var read = await Task.Run(() => journal.Read(after, limit));
        if (read.Lines.Count > 0)
            return read;
        bool hasEnded = Active is null && Written().HasEnded;
        if (!hasEnded)
            await Task.Delay(Patience, services.Time);
        return read with { IsEnd = hasEnded };
    }

    public async Task StopRun(string reason)
    {
        reason = Words(reason);
        var status = Written();
        if (Active is null && status.HasEnded)
            return;
        var control = new RunControl();
        control.Stop(reason);
        var active = Active ?? Begin(status, new(), control);
        active.Control.Stop(reason);
        await active.Left;
        if (Known is null && !Written().HasEnded)
            throw new OrleansException("the run was just going to another silo and is not stopped: ask again");
    }

    public async Task<ControlReply> PauseRun(string reason)
    {
        reason = Words(reason);
        var status = Written();
        if (Active is null && (status.HasEnded || status.State == RunState.Paused))
            return new(status.HasEnded ? $"the run has ended: {StateNames.Of(status.State)}" : "", status);
        var control = new RunControl();
        control.Pause(reason);
        var active = Active ?? Begin(status, new(), control);
        active.Control.Pause(reason);
        await active.Left;
        status = Written();
        return new(status.State == RunState.Paused ? "" : $"the run was not paused: it is {StateNames.Of(status.State)}",
            status);
    }

    public async Task<ControlReply> ResumeRun(ResumeRequest request)
    {
        if (ProtocolVersion.Refusal(request.Protocol) is { } refusal)
            return new(refusal, Written());

        // Who has read the end may ask before it is written: what is asked then comes after that end.
        if (Active is { } ended && ended.Snapshot().HasEnded)
            await ended.Left;
        var status = Written();
        if (Active is { } trained)
            return new(request is { Trainers: null, Sets: null or [] } ? ""
                : "the run is being trained: pause it before its trainers or its spec are changed", trained.Snapshot());
        var silos = request.Sets is { Count: > 0 } ? await services.Cluster.Look() : [];
        if (ResumeCheck.FindProblem(services, status, request, silos) is { } unfit)
            return new(unfit, status);

        _end = null;
        var resumed = status with { State = RunState.Starting, Message = "", EndedAt = null, Cluster = cluster.Value.ClusterId };
        var active = Begin(resumed, request, new());
        string? problem = await active.Taken();
        if (problem is not null)
            await active.Left;
        return new(problem ?? "", active.Snapshot());
    }

    public async Task<ControlReply> ResizeRun(ResizeRequest request)
    {
        var status = Written();
        if (ProtocolVersion.Refusal(request.Protocol) is { } refusal)
            return new(refusal, status);
        if (Active is not { } active)
            return new(NotTrained(status, $" --trainers {request.Trainers}"), status);
        string problem = await active.Resize(request.Trainers, Words(request.Reason));
        return new(problem, active.Snapshot());
    }

    public async Task<AuditReply> AuditNext(AuditRequest request)
    {
        var status = Written();
        if (ProtocolVersion.Refusal(request.Protocol) is { } refusal)
            return new(refusal, status, null);
        if (Active is not { } active)
            return new(NotTrained(status), status, null);
        var (problem, audited) = await active.AuditNext();
        return new(problem, active.Snapshot(), audited);
    }

    /// <summary>Why nothing can be wanted of the steps of a run that nobody trains.</summary>
    private static string NotTrained(RunStatus status, string options = "") =>
        status.HasEnded ? $"the run has ended: {StateNames.Of(status.State)}"
        : status.State == RunState.Paused ? $"the run is paused: continue it with 'tbptt resume {status.Id}{options}'"
        : "no silo trains the run yet: ask again when one does";

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (Active is not { } active)
            return;
        active.Control.HandOver(ActiveRun.SiloShutDown);
        await active.Left.WaitAsync(cancellationToken);
    }

    /// <summary>Whether the run could not be taken over a moment ago: each try takes a generation.</summary>
    private bool MustWait => _active is { NotTaken: true } && services.Time.GetElapsedTime(_began) < RetryPause;

    /// <summary>What is wanted of the run: nothing, unless it has reached an end here that could not be written.</summary>
    private RunControl End()
    {
        if (_active is { Superseded: false, NotTaken: false } ended && ended.Snapshot() is { HasEnded: true } status)
            _end = new(status.State, status.Message);
        var control = new RunControl();
        if (_end is not null)
            control.EndAs(_end);
        return control;
    }

    private ActiveRun Begin(RunStatus status, ResumeRequest? request, RunControl control)
    {
        _began = services.Time.GetTimestamp();
        var active = _active = new(services, status, request, control);
        StayWhile(active).Ignore();
        return active;
    }

    /// <summary>
    /// Keeps this activation, idle or not, until its run is left; then it may go, and its events with it, when nobody asks any more.
    /// </summary>
    private async Task StayWhile(ActiveRun active)
    {
        DelayDeactivation(Timeout.InfiniteTimeSpan);
        await active.Left;
        DelayDeactivation(TimeSpan.Zero);
        if (services.Occupants.IsLeaving)
            Departure.From(this, services.Cluster);
        else if (active.Superseded)
            DeactivateOnIdle(); // The next caller finds the coordinator that has the run.
    }

    /// <summary>What a client says goes into the run's files: no more of it than people read, and nothing that steers a terminal.</summary>
    private static string Words(string? reason) =>
        string.Concat((reason ?? "").Where(character => !char.IsControl(character)).Take(LongestReason));

    /// <summary>The last written status, of the directory as this silo sees it.</summary>
    private RunStatus Written()
    {
        var run = Directory;
        try
        {
            return run.ReadStatus() is { } status ? status with { Directory = run.Path } : throw new RunNotFoundException(run.Id.Text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What the file system throws cannot be sent to every caller.
            throw new RunUnreadableException(run.Id.Text, exception.Message);
        }
    }
}
