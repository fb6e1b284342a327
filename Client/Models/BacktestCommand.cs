using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What is forecast once more, and from which cuts.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Input">The file with the rows.</param>
/// <param name="Cuts">How many cuts.</param>
/// <param name="Horizon">Rows behind each; null for the model's own horizon.</param>
/// <param name="Stride">Rows from a cut to the next; null for <paramref name="Horizon"/>.</param>
/// <param name="Season">Rows of a season; null for that of <c>data.step</c>, if any.</param>
/// <param name="Refit">Whether the model is trained anew on the rows before each cut.</param>
/// <param name="Output">The file that receives every forecast; null for none.</param>
/// <param name="Plot">The file that receives a plot; null for none.</param>
/// <param name="Force">Whether files that exist are replaced.</param>
internal sealed record BacktestRequest(
    string Runs, string Model, string Input, int Cuts, int? Horizon, int? Stride, int? Season, bool Refit, string? Output, string? Plot,
    bool Force);

/// <summary><c>tbptt backtest</c>: how well a model would have forecast from several rows of the past.</summary>
internal static class BacktestCommand
{
    /// <summary>
    /// Figures of rows ahead, cuts and targets, at most: each has the sums of some metrics for the model and each baseline.
    /// </summary>
    private const long MostFigures = 1 << 21;

    /// <summary>Prints the errors of each cut and of each row ahead, and writes forecasts and plot.</summary>
    /// <exception cref="ClientException">There is no such model, it cannot forecast so far, or a file cannot be written.</exception>
    /// <exception cref="SpecException">The data cannot be forecast from.</exception>
    public static int Run(ConsoleContext context, BacktestRequest request)
    {
        var package = ModelFinder.Find(context, request.Runs, request.Model);
        if (request.Output is { } output)
        {
            _ = OutputFormats.Of(output);
            ModelData.CheckOutput("--output", output, request.Force, request.Input, request.Plot);
        }

        if (request.Plot is { } plot)
            ModelData.CheckOutput("--plot", plot, request.Force, request.Input);
        using var data = Open(package, request.Input);
        var source = (TableSource)package.Spec.Data.Source;
        int horizon = request.Horizon ?? source.Farthest;
        var plan = new BacktestPlan(request.Cuts, horizon, request.Stride ?? horizon, request.Season ?? source.Season);
        using var backtest = new Backtest(package, data);
        Check(request, plan, package, data, backtest);
        var totals = new BacktestTotals(plan, source.ColumnsOf(package.Config.Targets).Count, package.Spec.Train.Loss);
        var result = new BacktestResult(
            package, plan, data.Validation ?? data.Training, request.Refit, request.Plot is null ? 0 : ForecastPlot.MostPanels);
        if (request.Output is { } file)
        {
            ModelData.Write(file, request.Force, unfinished =>
            {
                using var table = OutputFormats.Of(file).Create(unfinished, Columns(result));
                Forecast(window => Write(table, result, window));
            });
        }
        else
            Forecast(_ => { });

        Write(context.Terminal.Out, result, totals);
        if (request.Plot is { } png)
        {
            ForecastPlot.Draw(result, png, request.Force);
            context.Terminal.Error.WriteLine($"wrote {Text.OneLine(png)}");
        }

        context.Terminal.Out.Flush();
        return ExitCode.Completed;

        void Forecast(Action<BacktestWindow> write)
        {
            if (request.Refit)
                Refit(context, package, request, plan, Take);
            else
                backtest.Run(plan, Take);

            void Take(BacktestWindow window)
            {
                totals.Add(window);
                result.Add(window);
                write(window);
            }
        }
    }

    private static IDataSource Open(ModelPackage package, string input) =>
        ModelData.Open(input, () => Forecasting.OpenWithTargets(package.Spec, package.Config.Contents, input));

    private static void Check(
        BacktestRequest request, BacktestPlan plan, ModelPackage package, IDataSource data, Backtest backtest)
    {
        var source = (TableSource)package.Spec.Data.Source;
        if (plan.Horizon > source.Farthest && source.Horizons > 1)
        {
            throw new ClientException(
                $"--horizon: found {plan.Horizon}, expected at most {source.Farthest}, as the model was trained; lower it, or train one "
                + "with a larger data.horizon", ExitCode.Usage);
        }

        if (plan.Horizon > source.Farthest && !backtest.IsRecursive)
        {
            throw new ClientException(
                $"--horizon: found {plan.Horizon}, expected at most {source.Horizon}, as the model was trained, because further "
                + $"ahead it needs values of {string.Join(", ", backtest.Unknown)} that nobody knows at a cut; train one with a larger "
                + "data.horizon, or write inputs that are known ahead into data.known", ExitCode.Usage);
        }

        if (source.MissingValues == MissingValues.Interpolate
            && data.Description.Columns.FirstOrDefault(column => column.Missing > 0) is { } filled)
        {
            throw new ClientException(
                $"{Text.OneLine(request.Input)}: found missing cells of {Text.OneLine(filled.Name)} with data.missingValues: interpolate, "
                + "expected none, because one before a cut is filled by rows behind it; fill them in the file, or train with forward or "
                + "mask", ExitCode.BadSpec);
        }

        long most = Enumerable.Range(0, (data.Validation ?? data.Training).Count).Max(sequence => (long)backtest.Rows(sequence));
        long needed = (long)plan.Horizon + source.Horizon;
        if (most < needed)
        {
            throw new ClientException(
                $"--horizon: found {plan.Horizon} with at most {Text.Plural(most, "row")} of a series, expected at least "
                + $"{Text.Count(needed)}; give more rows, or lower it", ExitCode.Usage);
        }

        long cuts = 1 + ((most - needed) / plan.Stride);
        if (plan.Cuts > cuts)
        {
            throw new ClientException(
                $"--cuts: found {plan.Cuts} with at most {Text.Plural(most, "row")} of a series, expected at most {Text.Count(cuts)} that "
                + $"are {Text.Plural(plan.Stride, "row")} apart; give more rows, or lower it or --stride", ExitCode.Usage);
        }

        long figures = (long)plan.Cuts * plan.Horizon * source.ColumnsOf(package.Config.Targets).Count;
        if (figures > MostFigures)
        {
            throw new ClientException(
                $"--cuts: found {plan.Cuts}, which make {Text.Count(figures)} figures of rows ahead, cuts and targets, expected at most "
                + $"{Text.Count(MostFigures)}; lower it or --horizon", ExitCode.Usage);
        }

        if (request.Refit && package.Spec.Extends is { } parent)
        {
            throw new ClientException(
                $"--refit: found a model that continued run {Text.OneLine(Path.GetFileName(parent.Run))}, expected one that began at "
                + "random, because its spec trains on the new part of the data alone; leave --refit out", ExitCode.Usage);
        }

        if (request.Refit && package.Spec.Model.InitFrom is { } weights)
        {
            throw new ClientException(
                $"--refit: found a model that began with model.initFrom: {Text.OneLine(weights)}, expected one that began at random, "
                + "because the package does not have that file; leave --refit out", ExitCode.Usage);
        }
    }

    /// <summary>Forecasts from each cut with a model that was trained on the rows before it alone.</summary>
    private static void Refit(
        ConsoleContext context, ModelPackage package, BacktestRequest request, BacktestPlan plan, Action<BacktestWindow> take)
    {
        for (int cut = 0; cut < plan.Cuts; cut++)
        {
            using var prepared = ModelData.Open(
                request.Input, () => Forecasting.Refit(package.Spec, request.Input, plan.Behind(cut)));
            ModelPackage refitted;
            try
            {
                refitted = Training.Models.Refit.Train(package, prepared);
            }
            catch (ModelPackageException diverged)
            {
                throw new ClientException($"cut {cut + 1}: {Text.OneLine(diverged.Message)}", ExitCode.Diverged, diverged);
            }

            context.Terminal.Error.WriteLine(
                $"cut {cut + 1} of {plan.Cuts}: trained on {prepared.Description.Training.Steps} time steps");
            using var data = Open(refitted, request.Input);
            using var backtest = new Backtest(refitted, data);
            backtest.Run(plan, take, cut);
        }
    }

    private static void Write(TextWriter output, BacktestResult result, BacktestTotals totals)
    {
        var (plan, source) = (result.Plan, (TableSource)result.Package.Spec.Data.Source);
        output.WriteLine($"cuts     {plan.Cuts} of {Text.Plural(result.Held.Count, "sequence")}, {Text.Plural(plan.Stride, "row")} apart"
            + (result.IsRefitted ? ", the model trained on the rows before each" : ""));
        output.WriteLine($"ahead    {Text.Plural(plan.Horizon, "row")}"
            + (plan.Horizon > source.Farthest ? $"; behind row {source.Horizon}, the model's own forecasts are its inputs" : ""));
        if (plan.Season is { } season)
            output.WriteLine($"season   {Text.Plural(season, "row")}");
        if (result.LeftOut is > 0 and var left)
            output.WriteLine($"left out {Text.Plural(left, "cut")} of short series, with no row before from which the model forecasts");
        output.WriteLine();
        var byCut = Table("CUT", "AFTER");
        for (int target = 0; target < result.Targets.Count; target++)
        {
            for (int cut = 0; cut < plan.Cuts; cut++)
                Add(byCut, [result.Targets[target], $"{cut + 1}", result.After(cut)], target, cut, null);
            if (plan.Cuts > 1)
                Add(byCut, [result.Targets[target], "all", ""], target, null, null);
        }

        byCut.Write(output);
        if (plan.Horizon == 1)
            return;
        output.WriteLine();
        var byRow = Table("AHEAD");
        for (int target = 0; target < result.Targets.Count; target++)
        {
            for (int ahead = 0; ahead < plan.Horizon; ahead++)
                Add(byRow, [result.Targets[target], $"{ahead + 1}"], target, null, ahead);
        }

        byRow.Write(output);

        TextTable Table(params string[] keys) => new(
            [
                "TARGET", .. keys, "ELEMENTS", .. result.Forecasts.Index().SelectMany(
                    forecast => totals.MetricsOf(forecast.Index).Select(
                        metric => $"{forecast.Item} {metric.Name}".Trim().ToUpperInvariant())),
            ]);

        void Add(TextTable table, string[] keys, int target, int? cut, int? ahead) => table.Add(
            [
                .. keys, Text.Count(totals.Of(0, target, cut, ahead)?.Count ?? 0), .. result.Forecasts.Index().SelectMany(
                    forecast => totals.Of(forecast.Index, target, cut, ahead) is { } figures
                        ? totals.MetricsOf(forecast.Index).Zip(figures.Values).Select(
                            one => EvaluationReport.IsUndefined(one.First, one.Second) ? "–" : Text.Figure(one.Second))
                        : totals.MetricsOf(forecast.Index).Select(_ => "–")),
            ]);
    }

    private static List<OutputColumn<Row>> Columns(BacktestResult result)
    {
        int targets = result.Targets.Count;
        List<OutputColumn<Row>> columns = [];
        if (result.HasSeries)
            columns.Add(new("series") { Text = row => result.Held.SeriesOf(row.Window.Sequence) ?? "" });
        columns.AddRange(
            [
                new("target") { Text = row => result.Targets[row.Target] },
                new("cut") { Whole = row => row.Window.Cut + 1 },
                new("ahead") { Whole = row => row.Ahead + 1 },
                new(result.Held.Times is null ? "row" : "time") { Text = row => result.NameOf(row.Window, row.Ahead) },
                new("actual") { Number = row => row.Window.Actuals[(row.Ahead * targets) + row.Target] },
                new("forecast") { Number = row => row.Window.Forecasts[(row.Ahead * targets) + row.Target] },
                .. result.Package.Spec.Train.Loss.Coverage is null ? Array.Empty<OutputColumn<Row>>() :
                [
                    new("low") { Number = row => row.Window.Low[(row.Ahead * targets) + row.Target] },
                    new("high") { Number = row => row.Window.High[(row.Ahead * targets) + row.Target] },
                ],
                .. result.Forecasts.Skip(1).Index().Select(one => new OutputColumn<Row>(one.Item)
                {
                    Number = row => row.Window.Baselines[one.Index][(row.Ahead * targets) + row.Target],
                }),
            ]);
        return columns;
    }

    private static void Write(IOutputTable<Row> table, BacktestResult result, BacktestWindow window)
    {
        for (int ahead = 0; ahead < result.Plan.Horizon; ahead++)
        {
            for (int target = 0; target < result.Targets.Count; target++)
                table.Add(new(window, ahead, target));
        }
    }

    private readonly record struct Row(BacktestWindow Window, int Ahead, int Target);
}
