using Orleans.Runtime.Placement;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>
/// The calls for forecasts that are computed by silos. Every call may fail when a silo dies; repeating it is always safe.
/// </summary>
internal interface IForecastService
{
    /// <summary><see cref="IForecastGrain.Load"/>.</summary>
    /// <param name="silo">The silo's address.</param>
    /// <param name="model">The model.</param>
    Task<string> LoadAsync(string silo, ForecastModel model);

    /// <summary><see cref="IForecastGrain.Compute"/>.</summary>
    /// <param name="silo">The silo's address.</param>
    /// <param name="block">The block.</param>
    Task<ForecastReply> ComputeAsync(string silo, ForecastBlock block);
}

/// <summary>Calls the grains.</summary>
internal sealed class GrainForecastService(IGrainFactory grains) : IForecastService
{
    /// <inheritdoc/>
    public Task<string> LoadAsync(string silo, ForecastModel model) => On(silo, grain => grain.Load(model));

    /// <inheritdoc/>
    public Task<ForecastReply> ComputeAsync(string silo, ForecastBlock block) => On(silo, grain => grain.Compute(block));

    /// <summary>
    /// Calls a silo's grain, which is activated there where the silo is known to all; elsewhere it does the same.
    /// </summary>
    private Task<T> On<T>(string silo, Func<IForecastGrain, Task<T>> call)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(silo));
        try
        {
            return call(grains.GetGrain<IForecastGrain>(silo));
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
