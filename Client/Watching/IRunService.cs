using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>The grain calls that the console makes. Every call may fail when a silo dies; repeating it is always safe.</summary>
internal interface IRunService
{
    /// <summary><see cref="ICatalogGrain.Describe"/>.</summary>
    Task<ClusterReport> DescribeAsync();

    /// <summary><see cref="ICatalogGrain.List"/>.</summary>
    Task<IReadOnlyList<RunStatus>> ListAsync();

    /// <summary><see cref="ICatalogGrain.Submit"/>.</summary>
    Task<SubmitReply> SubmitAsync(SubmitRequest request);

    /// <summary><see cref="ICatalogGrain.Fork"/>.</summary>
    Task<SubmitReply> ForkAsync(ForkRequest request);

    /// <summary><see cref="ICoordinatorGrain.ReadEvents"/>.</summary>
    Task<EventPage> ReadEventsAsync(RunId run, long after, int limit);

    /// <summary><see cref="ICoordinatorGrain.GetStatus"/>.</summary>
    Task<RunStatus> GetStatusAsync(RunId run);

    /// <summary><see cref="ICoordinatorGrain.StopRun"/>.</summary>
    Task StopAsync(RunId run, string reason);

    /// <summary><see cref="ICoordinatorGrain.PauseRun"/>.</summary>
    Task<ControlReply> PauseAsync(RunId run, string reason);

    /// <summary><see cref="ICoordinatorGrain.ResumeRun"/>.</summary>
    Task<ControlReply> ResumeAsync(RunId run, ResumeRequest request);

    /// <summary><see cref="ICoordinatorGrain.ResizeRun"/>.</summary>
    Task<ControlReply> ResizeAsync(RunId run, ResizeRequest request);

    /// <summary><see cref="ICoordinatorGrain.AuditNext"/>.</summary>
    Task<AuditReply> AuditAsync(RunId run, AuditRequest request);
}

/// <summary>Calls the grains.</summary>
internal sealed class GrainRunService(IGrainFactory grains) : IRunService
{
    private ICatalogGrain Catalog => grains.GetGrain<ICatalogGrain>(0);

    /// <inheritdoc/>
    public Task<ClusterReport> DescribeAsync() => Catalog.Describe();

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunStatus>> ListAsync() => Catalog.List();

    /// <inheritdoc/>
    public Task<SubmitReply> SubmitAsync(SubmitRequest request) => Traced("submit", request.Run, () => Catalog.Submit(request));

    /// <inheritdoc/>
    public Task<SubmitReply> ForkAsync(ForkRequest request) => Traced("fork", request.Run, () => Catalog.Fork(request));

    /// <inheritdoc/>
    public Task<EventPage> ReadEventsAsync(RunId run, long after, int limit) => Coordinator(run).ReadEvents(after, limit);

    /// <inheritdoc/>
    public Task<RunStatus> GetStatusAsync(RunId run) => Coordinator(run).GetStatus();

    /// <inheritdoc/>
    public Task StopAsync(RunId run, string reason) => Traced("stop", run, async () =>
    {
        await Coordinator(run).StopRun(reason);
        return true;
    });

    /// <inheritdoc/>
    public Task<ControlReply> PauseAsync(RunId run, string reason) => Traced("pause", run, () => Coordinator(run).PauseRun(reason));

    /// <inheritdoc/>
    public Task<ControlReply> ResumeAsync(RunId run, ResumeRequest request) =>
        Traced("resume", run, () => Coordinator(run).ResumeRun(request));

    /// <inheritdoc/>
    public Task<ControlReply> ResizeAsync(RunId run, ResizeRequest request) =>
        Traced("resize", run, () => Coordinator(run).ResizeRun(request));

    /// <inheritdoc/>
    public Task<AuditReply> AuditAsync(RunId run, AuditRequest request) => Traced("audit", run, () => Coordinator(run).AuditNext(request));

    /// <summary>Starts a trace for a command; queries start none.</summary>
    private static async Task<T> Traced<T>(string wish, RunId run, Func<Task<T>> call)
    {
        using var span = Traces.Source.StartActivity(Traces.Prefix + wish)?.SetTag("run", run.Text);
        return await call();
    }

    private ICoordinatorGrain Coordinator(RunId run) => grains.GetGrain<ICoordinatorGrain>(run.Text);
}
