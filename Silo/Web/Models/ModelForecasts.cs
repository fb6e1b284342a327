using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>Forecasts from rows that users and programs send.</summary>
/// <param name="shelf">Loads models.</param>
/// <param name="desk">Where forecasts are computed.</param>
internal sealed class ModelForecasts(ModelShelf shelf, ForecastDesk desk)
{
    /// <summary>Problems that are reported of one request.</summary>
    private const int MostProblems = 20;

    /// <summary>Forecasts from rows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="begin">The hidden state before the first one.</param>
    /// <param name="gone">Nobody waits for the forecasts any more.</param>
    public async Task<ForecastOutcome> ForecastAsync(ModelEntry model, ForecastRows rows, ForecastBegin begin, CancellationToken gone)
    {
        try
        {
            return await desk.RunAsync(() => Forecast(model, rows, begin), gone);
        }
        catch (ForecastDeskBusyException busy)
        {
            return new(null, [busy.Message], StatusCodes.Status503ServiceUnavailable);
        }
        catch (ModelPackageException damaged)
        {
            return new(null, [Text.OneLine(damaged.Message)], StatusCodes.Status422UnprocessableEntity);
        }
    }

    private ForecastOutcome Forecast(ModelEntry model, ForecastRows rows, ForecastBegin begin)
    {
        var package = shelf.Load(model);
        if (rows.Problem(package.Parameters.Length, package.Spec.Model.OutputSize ?? 1) is { } problem)
            return Refused([$"rows: {problem}"]);
        if (begin == ForecastBegin.End && TrainingEnd.Problem(package) is { } noEnd)
        {
            return Refused(
                [$"fromState: found end, expected zero: {noEnd}; or use 'tbptt predict', which keeps the state of each series in a file"]);
        }

        using var file = new RowsFile(rows);
        try
        {
            using var data = Forecasting.Open(package.Spec, package.Config.Contents, file.Path);
            float[] hidden = Forecaster.Starts(package, data.Sequences.Count);
            if (begin == ForecastBegin.End)
                TrainingEnd.StateOf(package).CopyTo(hidden, 0);
            return new(Forecast(model, package, data, hidden), [], StatusCodes.Status200OK);
        }
        catch (SpecException exception)
        {
            // A column that is input and target is missing once.
            var problems = exception.Problems.Where(one => one.Key != "data.targets"
                || exception.Problems.All(other => other.Key != "data.inputs"));
            return Refused([.. problems.Take(MostProblems).Select(one => Text.OneLine(file.Worded(Worded(one))))]);
        }
    }

    /// <summary>What to change in a spec is no remedy here, because the model has been trained.</summary>
    private static string Worded(SpecProblem problem) => $"rows: found {problem.Found}, expected {problem.Expected}; "
        + (problem.Key == "data.source" && !problem.Remedy.Contains("data.", StringComparison.Ordinal) ? problem.Remedy
            : "change the rows: the model takes columns as those of its training");

    private static ForecastOutcome Refused(IReadOnlyList<string> problems) => new(null, problems, StatusCodes.Status400BadRequest);

    /// <exception cref="ModelPackageException">The configuration describes other data than the parameters are for.</exception>
    private static ModelForecast Forecast(ModelEntry model, ModelPackage package, IForecastData data, float[] hidden)
    {
        var rows = new List<ForecastRow>();
        int targets = data.Targets.Count;
        try
        {
            Forecaster.Run(package, data, hidden, (slice, forecasts) =>
            {
                for (int i = 0; i < slice.Length; i++)
                {
                    int step = slice.Start + i;
                    rows.Add(new(
                        data.Sequences.SeriesOf(slice.Sequence), data.TimeOf(slice.Sequence, step), step + 1,
                        forecasts.Slice(i * targets, targets).ToArray()));
                }
            });
        }
        catch (ArgumentException exception)
        {
            throw Unfit(model, exception);
        }

        return new(model.Name, package.Config.Hashes.Weights, data.Targets, data.Horizon, data.SeriesColumn, data.TimeColumn, rows)
        {
            Headings = [.. Enumerable.Range(0, targets).Select(data.HeadingOf)],
            Ahead = [.. Enumerable.Range(0, targets).Select(data.AheadOf)],
        };
    }

    /// <summary>A configuration that somebody has changed may describe columns that the network does not take.</summary>
    public static ModelPackageException Unfit(ModelEntry model, ArgumentException exception) => new(
        $"{model.PathOf(ModelPackage.ConfigFile)}: found inputs or targets that the network does not take ({exception.Message}), expected "
        + "those of the run; export the model again", exception);
}
