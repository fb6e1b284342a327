using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>The forecasts of a backtest, as they are shown.</summary>
/// <param name="Package">The model.</param>
/// <param name="Plan">The cuts.</param>
/// <param name="Held">The series.</param>
/// <param name="Windows">The forecasts.</param>
/// <param name="IsRefitted">Whether the model was trained on the rows before each cut.</param>
internal sealed record BacktestResult(
    ModelPackage Package, BacktestPlan Plan, ISequenceSet Held, IReadOnlyList<BacktestWindow> Windows, bool IsRefitted)
{
    /// <summary>The targets; a difference is named as such.</summary>
    public IReadOnlyList<string> Targets { get; } =
    [
        .. Package.Config.Targets.Select(
            target => ((TableSource)Package.Spec.Data.Source).IsDifference(target) ? $"{target} difference" : target),
    ];

    /// <summary>What is forecast by: the model, which has no name, and each baseline.</summary>
    public IReadOnlyList<string> Forecasts { get; } = ["", .. Baseline.All(Plan.Season, 1).Select(baseline => baseline.Name)];

    /// <summary>Whether there are several series.</summary>
    public bool HasSeries => Held.SeriesOf(0) is not null;

    /// <summary>Cuts that have no row before them from which the model forecasts.</summary>
    public int LeftOut => (Plan.Cuts * Held.Count) - Windows.Count;

    /// <summary>The time of a row, or its number from 1.</summary>
    /// <param name="window">A cut of a series.</param>
    /// <param name="ahead">How many rows behind the first one that is forecast; -1 for the last known one.</param>
    public string NameOf(BacktestWindow window, int ahead)
    {
        int row = window.Row + ahead;
        return Held.Times is { } times ? times.Show(times.InstantOf(window.Sequence, row))
            : (row + 1).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The last known row of a cut; where series differ in it, how many rows before the end it lies.</summary>
    public string After(int cut)
    {
        string[] names = [.. Windows.Where(window => window.Cut == cut).Select(window => NameOf(window, -1)).Distinct().Take(2)];
        return names switch
        {
            [var one] => Held.Times is null ? $"row {one}" : one,
            [] => "–",
            _ => $"{Plan.Behind(cut)} rows before the end",
        };
    }
}
