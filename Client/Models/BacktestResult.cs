using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>The forecasts of a backtest, as they are shown.</summary>
/// <param name="Package">The model.</param>
/// <param name="Plan">The cuts.</param>
/// <param name="Held">The series.</param>
/// <param name="IsRefitted">Whether the model was trained on the rows before each cut.</param>
/// <param name="DrawnSeries">The forecasts of so many series are kept to be drawn.</param>
internal sealed record BacktestResult(
    ModelPackage Package, BacktestPlan Plan, ISequenceSet Held, bool IsRefitted, int DrawnSeries)
{
    private readonly HashSet<int> _sequences = [];
    private readonly HashSet<int> _drawnSeries = [];
    private readonly List<BacktestWindow> _drawn = [];
    private readonly List<string>[] _after = [.. Enumerable.Range(0, Plan.Cuts).Select(_ => new List<string>())];
    private int _windows;

    /// <summary>Series of which there are forecasts.</summary>
    public int Sequences => _sequences.Count;

    /// <summary>The forecasts of the first series, as many as are drawn.</summary>
    public IReadOnlyList<BacktestWindow> Drawn => _drawn;

    /// <summary>The targets; a difference is named as such.</summary>
    public IReadOnlyList<string> Targets { get; } =
    [
        .. ((TableSource)Package.Spec.Data.Source).ColumnsOf(Package.Config.Targets).Select(
            target => ((TableSource)Package.Spec.Data.Source).IsDifference(target) ? $"{target} difference" : target),
    ];

    /// <summary>What is forecast by: the model, which has no name, and each baseline.</summary>
    public IReadOnlyList<string> Forecasts { get; } = ["", .. Baseline.All(Plan.Season, 1).Select(baseline => baseline.Name)];

    /// <summary>Whether there are several series.</summary>
    public bool HasSeries => Held.SeriesOf(0) is not null;

    /// <summary>Cuts that have no row before them from which the model forecasts.</summary>
    public int LeftOut => (Plan.Cuts * Held.Count) - _windows;

    /// <summary>Takes the forecasts from one cut of one series.</summary>
    public void Add(BacktestWindow window)
    {
        _windows++;
        if (_drawnSeries.Count < DrawnSeries || _drawnSeries.Contains(window.Sequence))
        {
            _drawnSeries.Add(window.Sequence);
            _drawn.Add(window);
        }

        _sequences.Add(window.Sequence);
        if (_after[window.Cut] is { Count: < 2 } names && NameOf(window, -1) is var name && !names.Contains(name))
            names.Add(name);
    }

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
        return _after[cut] switch
        {
            [var one] => Held.Times is null ? $"row {one}" : one,
            [] => "–",
            _ => $"{Plan.Behind(cut)} rows before the end",
        };
    }
}
