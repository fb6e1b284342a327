using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Forecasts;

/// <summary>A silo's address for forecasts: what is asked of it, the silo's <see cref="ForecastWorker"/> does.</summary>
// Random placement takes the console's placement hint, which names the silo of the key.
[RandomPlacement, Reentrant]
internal sealed class ForecastGrain(ForecastWorker worker) : Grain, IForecastGrain
{
    public Task<string> Load(ForecastModel model) => worker.Load(model);

    public Task<ForecastReply> Compute(ForecastBlock block) => worker.Compute(block);
}
