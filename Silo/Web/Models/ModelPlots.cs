using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>
/// Plots of models' forecasts: computed once for all viewers, and again when a package has changed or a minute has passed.
/// </summary>
/// <param name="plotter">Computes them.</param>
/// <param name="desk">Where they are computed.</param>
/// <param name="time">The clock.</param>
internal sealed class ModelPlots(ForecastPlotter plotter, ForecastDesk desk, TimeProvider time)
{
    /// <summary>Plots that are kept at most.</summary>
    public const int MostKept = 64;

    /// <summary>How long a plot is shown, in which its data may change.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    /// <summary>How long a page waits for a plot; later ones show it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly List<Kept> _kept = [];

    /// <summary>The plot of a model; one that is pending where it takes longer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="choice">What is shown.</param>
    /// <param name="gone">Nobody waits for it any more; it is computed all the same, for the next one.</param>
    public async Task<ForecastPlot> OfAsync(ModelEntry model, PlotChoice choice, CancellationToken gone)
    {
        try
        {
            return await Begun(model, choice).WaitAsync(Patience, time, gone);
        }
        catch (TimeoutException)
        {
            return ForecastPlot.None("The plot is being computed.") with { IsPending = true };
        }
    }

    private Task<ForecastPlot> Begun(ModelEntry model, PlotChoice choice)
    {
        lock (_gate)
        {
            _kept.RemoveAll(one => one.Plot.IsCompleted && time.GetElapsedTime(one.Begun) > Lifetime);
            var kept = _kept.Find(one => one.Name == model.Name && one.Written == model.Written && one.Choice == choice);
            if (kept is not null)
                return kept.Plot;
            if (_kept.Count >= MostKept)
                _kept.RemoveAt(0);
            var plot = ComputeAsync(model, choice);
            _kept.Add(new(model.Name, model.Written, choice, plot, time.GetTimestamp()));
            return plot;
        }
    }

    private async Task<ForecastPlot> ComputeAsync(ModelEntry model, PlotChoice choice)
    {
        // Not under the lock.
        await Task.Yield();
        try
        {
            return await desk.RunAsync(() => plotter.Plot(model, choice));
        }
        catch (ForecastDeskBusyException)
        {
            lock (_gate)
                _kept.RemoveAll(one => one.Name == model.Name && one.Choice == choice);
            return ForecastPlot.None("Other forecasts are being computed.") with { IsPending = true };
        }
        catch (ModelPackageException damaged)
        {
            return ForecastPlot.None(Text.OneLine(damaged.Message));
        }
    }

    private sealed record Kept(string Name, DateTimeOffset Written, PlotChoice Choice, Task<ForecastPlot> Plot, long Begun);
}
