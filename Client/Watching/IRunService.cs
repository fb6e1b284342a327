using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>The grains as the console uses them. Every call may fail when a silo dies; asking again is safe, except for <see cref="SubmitAsync"/>.</summary>
internal interface IRunService
{
    /// <summary><see cref="ICatalogGrain.Submit"/>.</summary>
    Task<SubmitReply> SubmitAsync(SubmitRequest request);

    /// <summary><see cref="ICoordinatorGrain.ReadEvents"/>.</summary>
    Task<EventPage> ReadEventsAsync(RunId run, long after, int limit);

    /// <summary><see cref="ICoordinatorGrain.GetStatus"/>.</summary>
    Task<RunStatus> GetStatusAsync(RunId run);

    /// <summary><see cref="ICoordinatorGrain.StopRun"/>.</summary>
    Task StopAsync(RunId run, string reason);
}

/// <summary>Calls the grains.</summary>
internal sealed class GrainRunService(IGrainFactory grains) : IRunService
{
    /// <inheritdoc/>
    public Task<SubmitReply> SubmitAsync(SubmitRequest request) => grains.GetGrain<ICatalogGrain>(0).Submit(request);

    /// <inheritdoc/>
    public Task<EventPage> ReadEventsAsync(RunId run, long after, int limit) => Coordinator(run).ReadEvents(after, limit);

    /// <inheritdoc/>
    public Task<RunStatus> GetStatusAsync(RunId run) => Coordinator(run).GetStatus();

    /// <inheritdoc/>
    public Task StopAsync(RunId run, string reason) => Coordinator(run).StopRun(reason);

    private ICoordinatorGrain Coordinator(RunId run) => grains.GetGrain<ICoordinatorGrain>(run.Text);
}
