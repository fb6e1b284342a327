using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>The calls of the console about sweeps. Every call may fail when a silo dies; repeating it is always safe.</summary>
internal interface ISweepService
{
    /// <summary><see cref="ISweepCatalogGrain.Submit"/>.</summary>
    Task<SubmitReply> SubmitAsync(SweepRequest request);

    /// <summary><see cref="ISweepCatalogGrain.List"/>.</summary>
    Task<IReadOnlyList<SweepStatus>> ListAsync();

    /// <summary><see cref="ISweepGrain.GetStatus"/>.</summary>
    Task<SweepStatus> GetStatusAsync(RunId sweep);

    /// <summary><see cref="ISweepGrain.StopSweep"/>.</summary>
    Task StopAsync(RunId sweep, string reason);

    /// <summary><see cref="ISweepGrain.ResumeSweep"/>.</summary>
    Task<string> ResumeAsync(RunId sweep);
}

/// <summary>Calls the grains.</summary>
/// <param name="connect">Gives the grains, over a connection that is opened when it is first needed.</param>
internal sealed class GrainSweepService(Func<Task<IGrainFactory>> connect) : ISweepService
{
    /// <inheritdoc/>
    public async Task<SubmitReply> SubmitAsync(SweepRequest request) => await (await Catalog()).Submit(request);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SweepStatus>> ListAsync() => await (await Catalog()).List();

    /// <inheritdoc/>
    public async Task<SweepStatus> GetStatusAsync(RunId sweep) => await (await Sweep(sweep)).GetStatus();

    /// <inheritdoc/>
    public async Task StopAsync(RunId sweep, string reason) => await (await Sweep(sweep)).StopSweep(reason);

    /// <inheritdoc/>
    public async Task<string> ResumeAsync(RunId sweep) => await (await Sweep(sweep)).ResumeSweep(ProtocolVersion.Current);

    private async Task<ISweepCatalogGrain> Catalog() => (await connect()).GetGrain<ISweepCatalogGrain>(0);

    private async Task<ISweepGrain> Sweep(RunId sweep) => (await connect()).GetGrain<ISweepGrain>(sweep.Text);
}
