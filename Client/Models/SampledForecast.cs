using System.Globalization;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>Forecasts of the rows behind a file, as quantiles of paths that are drawn.</summary>
internal static class SampledForecast
{
    /// <summary>Values of the paths of one series, which are in memory at a time, at most: 400 MB of them.</summary>
    private const long MostValues = 50_000_000;

    private static readonly double[] Levels = [0.1, 0.5, 0.9];

    /// <summary>Refuses what does not go with paths.</summary>
    /// <exception cref="ClientException">The model draws none, or another option does not go with them.</exception>
    public static void Check(PredictRequest request, ModelPackage package)
    {
        if (SamplePaths.Problem(package) is var (found, expected))
            throw new ClientException($"--horizon: found {found}, expected {expected}; leave --horizon out", ExitCode.Usage);
        int targets = package.Config.Targets.Count;
        if (request.Paths is { } paths && (long)paths.Horizon * paths.Samples * targets > MostValues)
        {
            throw new ClientException(
                $"--horizon: found {Text.Plural(paths.Horizon, "row")} of {Text.Plural(paths.Samples, "path")} of "
                + $"{Text.Plural(targets, "target")}, expected at most {Text.Count(MostValues)} values in all; lower --horizon or "
                + "--samples", ExitCode.Usage);
        }

        if (request.Input == PredictCommand.Standard || request.StateOut is not null || request.Cluster.IsNamed)
        {
            string option = request.Input == PredictCommand.Standard ? "--input -" : request.StateOut is null ? "--cluster" : "--state-out";
            throw new ClientException(
                $"{option}: found it with --horizon, expected a file that is forecast from here and once, because paths begin behind its "
                + "last row; leave one of the two out", ExitCode.Usage);
        }
    }

    /// <summary>Writes the forecasts.</summary>
    /// <param name="context">The console.</param>
    /// <param name="package">The model.</param>
    /// <param name="data">The rows.</param>
    /// <param name="hidden">The hidden state of each series before them.</param>
    /// <param name="options">How paths are drawn.</param>
    /// <param name="output">The file, or <see cref="PredictCommand.Standard"/>.</param>
    /// <param name="unfinished">The name of the file until it is whole.</param>
    /// <returns>What was written, in words.</returns>
    public static string Write(
        ConsoleContext context, ModelPackage package, IForecastData data, float[] hidden, PathOptions options, string output,
        string unfinished)
    {
        using var paths = new SamplePaths(package, data);
        using IOutputTable<Row> table = output == PredictCommand.Standard
            ? new CsvTable<Row>(context.Terminal.Out, Columns(package, data), leaveOpen: true)
            : OutputFormats.Of(output, ForecastTable.OrStandard).Create(unfinished, Columns(package, data));
        int targets = package.Config.Targets.Count;
        paths.Run(options, hidden, (sequence, values) =>
        {
            for (int ahead = 0; ahead < options.Horizon; ahead++)
            {
                double[] row = new double[targets * Levels.Length];
                for (int target = 0; target < targets; target++)
                {
                    var drawn = values.AsSpan(((ahead * targets) + target) * options.Samples, options.Samples);
                    drawn.Sort();
                    for (int i = 0; i < Levels.Length; i++)
                        row[(target * Levels.Length) + i] = QuantileOf(drawn, Levels[i]);
                }

                table.Add(new(sequence, ahead + 1, row));
            }
        });
        return $"quantiles of {Text.Plural(options.Samples, "path")}, {Text.Plural(options.Horizon, "row")} ahead of the last row of "
            + Text.Plural(data.Sequences.Count, "sequence");
    }

    /// <summary>A quantile of sorted values, between two of them along a line: type 7 of Hyndman and Fan (1996).</summary>
    private static double QuantileOf(ReadOnlySpan<double> sorted, double level)
    {
        double place = level * (sorted.Length - 1);
        int below = (int)place;
        double low = sorted[below], high = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return low + ((place - below) * (high - low));
    }

    private static List<OutputColumn<Row>> Columns(ModelPackage package, IForecastData data)
    {
        var columns = new List<OutputColumn<Row>>();
        if (data.SeriesColumn is { } series)
            columns.Add(new(series) { Text = row => data.Sequences.SeriesOf(row.Sequence) ?? "" });
        columns.Add(new("ahead") { Whole = row => row.Ahead });
        var source = (Data.Tables.TableSource)package.Spec.Data.Source;
        foreach (var (target, name) in package.Config.Targets.Index())
        {
            for (int i = 0; i < Levels.Length; i++)
            {
                int at = (target * Levels.Length) + i;
                string called = string.Create(
                    CultureInfo.InvariantCulture, $"{name}_q{Levels[i]}{(source.IsDifference(name) ? " difference" : "")}");
                columns.Add(new(called) { Number = row => row.Values[at] });
            }
        }

        return columns;
    }

    private sealed record Row(int Sequence, int Ahead, double[] Values);
}
