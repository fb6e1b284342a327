using System.Globalization;
using System.Text.Json;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>Computes plots of the data of runs and of the forecasts of their models.</summary>
/// <param name="shelf">Loads models.</param>
/// <param name="settings">Says where data may be read.</param>
internal sealed class ForecastPlotter(ModelShelf shelf, SiloSettings settings)
{
    /// <summary>The largest file that is read for a plot, unpacked: it is read twice.</summary>
    public const long MostBytes = 32L << 20;

    /// <summary>Cells that are read of a file whose columns are packed: those that a text of <see cref="MostBytes"/> has.</summary>
    private const long MostCells = MostBytes / 4;

    /// <summary>Rows that are shown.</summary>
    private const int Shown = 240;

    /// <summary>Rows that the model is run over, at most, so that its hidden state is that of the data when the shown ones begin.</summary>
    private const int MostRows = 20_000;

    private readonly DataRoots _roots = new([.. settings.DataRoots]);

    /// <summary>The plot of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="choice">What is shown.</param>
    /// <exception cref="ModelPackageException">The package is damaged.</exception>
    public ForecastPlot Plot(ModelEntry model, PlotChoice choice)
    {
        var spec = shelf.SpecOf(model);
        if (spec.Data.Source is not TableSource)
        {
            return ForecastPlot.None(
                $"Forecasts are plotted of models that were trained on tables; this one was trained on {spec.Data.Source.Word}.");
        }

        var package = shelf.Load(model);
        string? path = null;
        try
        {
            // The package names files, the run's own spec says where they are.
            path = PathOf(model.Run);
            if (path is null)
                return ForecastPlot.None($"{model.Run.Spec} does not say where the data are, so that there is no plot of them.");
            var file = new FileInfo(path);
            if (!file.Exists)
                return ForecastPlot.None($"This silo has no file {path}, which the model was trained on, so that there is no plot of it.");
            if (!Forecasting.IsWithin(path, MostBytes))
            {
                string packed = file.Length > MostBytes ? $"{Text.Count(file.Length)} bytes" : "more bytes when it is unpacked";
                return ForecastPlot.None(
                    $"{file.Name} has {packed}, and a plot reads at most {Text.Count(MostBytes)}; "
                    + "'tbptt predict' forecasts from files of any size.");
            }

            return Plot(model, package, file, choice);
        }
        catch (ArgumentException exception)
        {
            throw ModelForecasts.Unfit(model, exception);
        }
        catch (SpecException exception)
        {
            return ForecastPlot.None($"There is no plot, because {path} cannot be read: {Text.OneLine(exception.Problems[0].ToString())}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return ForecastPlot.None($"There is no plot, because the run's files cannot be read: {Text.OneLine(exception.Message)}");
        }
    }

    /// <summary>The file with the rows that were held out: that of validation, or the last part of the one that was trained on.</summary>
    private string? PathOf(RunDirectory run)
    {
        var spec = shelf.Parse(File.ReadAllText(run.Spec), run.Spec, run.Path).Spec;
        var source = spec?.Data.Validation?.Source as TableSource ?? spec?.Data.Source as TableSource;
        if (spec is null || source is null)
            return null;
        return _roots.Check(spec) is [var outside, ..] ? throw new SpecException(outside) : source.Path;
    }

    private static ForecastPlot Plot(ModelEntry model, ModelPackage package, FileInfo file, PlotChoice choice)
    {
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, file.FullName, mostCells: MostCells);
        using var known = Forecasting.OpenWithTargets(package.Spec, package.Config.Contents, file.FullName, MostCells);
        string[] series = data.SeriesColumn is null ? [] : [.. Enumerable.Range(0, data.Sequences.Count).Select(NameOf)];
        int sequence = choice.Series is null ? 0 : Array.IndexOf(series, choice.Series);
        var loss = package.Spec.Train.Loss;
        string[] targets = [.. data.Targets.Chunk(loss.OutputsPerTarget).Select(one => one[loss.Point])];
        int target = choice.Target is null ? 0 : Array.IndexOf(targets, choice.Target);
        if (sequence < 0)
            return ForecastPlot.None($"{file.Name} has no series '{choice.Series}'.");
        if (target < 0)
            return ForecastPlot.None($"The model has no target '{choice.Target}'.");
        int ahead = data.AheadOf(target * loss.OutputsPerTarget);
        long affordable = ForecastRows.MostProducts / package.Parameters.Length;
        using var last = new LastRows(data, sequence, (int)Math.Clamp(affordable, Shown, MostRows));
        string? name = series.Length == 0 ? null : series[sequence];
        var born = BornWith(model.Run);
        return new()
        {
            AllSeries = series, AllTargets = targets, Series = name, Target = targets[target], Horizon = ahead,
            File = file.Name, Begin = last.Start + 1, TimeColumn = data.Sequences.Times?.Name,
            Remark = IsChanged(file, born) ? $"{file.Name} has changed since training." : "",
            Rows = Rows(package, last, target, Actuals(known, data, sequence, target)),
            HeldOutFrom = name is null ? HeldOutFrom(package, born) : null,
            Coverage = loss.Coverage,
            Rmse = RmseOf(package.Config.Metrics, package.Config.Targets.ElementAtOrDefault(target), name),
        };

        string NameOf(int one) => data.Sequences.SeriesOf(one) ?? "";
    }

    /// <summary>The value of a target in each row of a sequence; NaN where it has none.</summary>
    private static double[] Actuals(IDataSource known, IForecastData data, int sequence, int target)
    {
        var held = known.Validation ?? known.Training;
        int horizon = data.AheadOf(target * (data.Targets.Count / known.Shape.TargetFeatures));
        var values = new double[data.Sequences.Length(sequence) + (2 * horizon)];
        Array.Fill(values, double.NaN);
        int same = Enumerable.Range(0, held.Count)
            .FirstOrDefault(one => held.SeriesOf(one) == data.Sequences.SeriesOf(sequence), -1);
        if (same < 0)
            return values;
        int targets = known.Shape.TargetFeatures, length = held.Length(same);
        var slice = new SequenceSlice(same, 0, length);
        float[] all = new float[(long)length * targets], one = new float[length];
        held.ReadTargets(slice, all);
        for (int row = 0; row < length; row++)
            one[row] = all[(row * targets) + target];
        var units = values.AsSpan(horizon, length);
        if (held.Units is { } scale)
            scale.ToUnits(slice, target, one, units);
        else
            one.Select(value => (double)value).ToArray().CopyTo(units);
        return values;
    }

    private static PlotRow[] Rows(ModelPackage package, LastRows last, int target, double[] actuals)
    {
        int width = last.Targets.Count, length = last.Length(0);
        var loss = package.Spec.Train.Loss;
        int horizon = last.AheadOf(target * loss.OutputsPerTarget), first = target / last.Horizons * last.Horizons;
        PlotForecast[] forecasts = new PlotForecast[length], path = new PlotForecast[last.Horizons];
        Forecaster.Run(package, last, Forecaster.Starts(package), (slice, values) =>
        {
            for (int i = 0; i < slice.Length; i++)
            {
                var row = values.Slice(i * width, width);
                forecasts[slice.Start + i] = Of(row, target);
                for (int further = 0; further < path.Length && slice.Start + i == length - 1; further++)
                    path[further] = Of(row, first + further);
            }
        });

        // Row i of the sequence is forecast from row i - horizon; the rows to come have a forecast alone, several ones from the last row.
        bool isPath = path.Length > 1;
        int end = length + (isPath ? path.Length : horizon), from = Math.Max(0, end - Shown - horizon);
        return
        [
            .. Enumerable.Range(from, end - from).Select(row => new PlotRow(
                last.Start + row + 1, row < length ? last.TimeOf(0, row) : null,
                last.Start + row < actuals.Length ? actuals[last.Start + row] : double.NaN,
                isPath && row >= length ? path[row - length] : row >= horizon ? forecasts[row - horizon] : PlotForecast.None)),
        ];

        PlotForecast Of(ReadOnlySpan<double> row, int one)
        {
            var own = row.Slice(one * loss.OutputsPerTarget, loss.OutputsPerTarget);
            var (low, high) = loss.Coverage is null ? (double.NaN, double.NaN) : loss.Interval(own);
            return new(own[loss.Point], low, high);
        }
    }

    private static RunData? BornWith(RunDirectory run) => File.Exists(run.Data) ? RunJson.ReadData(File.ReadAllText(run.Data)) : null;

    private static bool IsChanged(FileInfo file, RunData? born) =>
        born?.Files.FirstOrDefault(one => one.Path == file.FullName || Path.GetFileName(one.Path) == file.Name) is { } then
        && then.Length != file.Length;

    /// <summary>
    /// The number of the first row of one stream that was held out, as the run's description has it: <c>row 2,101, 1978-03-01</c>.
    /// </summary>
    private static long? HeldOutFrom(ModelPackage package, RunData? born)
    {
        const string Row = "row ";
        return package.Spec.Data.Validation?.Source is null && born?.Description?.Contents.Validation is { First: var first }
            && first.StartsWith(Row, StringComparison.Ordinal)
            && long.TryParse(
                first[Row.Length..].Split(", ")[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out long number)
            ? number : null;
    }

    private static double? RmseOf(IReadOnlyList<Metric> metrics, string? target, string? series)
    {
        var errors = metrics.Where(metric => metric.Kind is MetricKind.Validation or MetricKind.Test && metric.Unit == target
            && metric.Name.EndsWith("RMSE", StringComparison.Ordinal) && double.IsFinite(metric.Value)).ToList();
        return (errors.Find(metric => metric.Series == series) ?? errors.Find(metric => metric.Series is null))?.Value;
    }
}
