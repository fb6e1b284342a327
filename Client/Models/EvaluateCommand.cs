using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What is evaluated, and on which data.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Input">The file with inputs and targets.</param>
/// <param name="Season">Rows of a season; null for that of <c>data.step</c>, if any.</param>
/// <param name="Output">The file that receives every figure as CSV; null for none.</param>
/// <param name="Force">Whether a file that exists is replaced.</param>
internal sealed record EvaluateRequest(string Runs, string Model, string Input, int? Season, string? Output, bool Force);

/// <summary><c>tbptt evaluate</c>: the errors of a trained model's forecasts on any data, of each target and series.</summary>
internal static class EvaluateCommand
{
    /// <summary>Prints the errors.</summary>
    /// <exception cref="ClientException">There is no such model, or the output exists or cannot be written.</exception>
    /// <exception cref="SpecException">The data cannot be evaluated on.</exception>
    public static int Run(ConsoleContext context, EvaluateRequest request)
    {
        var package = ModelFinder.Find(context, request.Runs, request.Model);
        if (request.Output is { } path)
            ModelData.CheckOutput("--output", path, request.Force, request.Input);
        if (request.Season is { } wanted && package.Spec.Data.Source is ArraySource)
        {
            throw new ClientException(
                $"--season: found {wanted} with a model of arrays, expected none, because nothing says which input a target is; leave it "
                + "out", ExitCode.Usage);
        }

        using var data = ModelData.Open(request.Input, () => package.Spec.Data.Source is ArraySource
            ? Forecasting.OpenArraysWithTargets(package.Spec, request.Input)
            : Forecasting.OpenWithTargets(package.Spec, package.Config.Contents, request.Input));
        var source = package.Spec.Data.Source as TableSource;
        int? season = request.Season ?? source?.Season;
        var result = Evaluator.Evaluate(package, data, season);
        var (output, figures) = (context.Terminal.Out, result.Figures);
        output.WriteLine($"data     {Text.Size(figures.Size)}");
        if (source is not null)
            output.WriteLine($"ahead    {(source.Horizons > 1 ? "1 to " : "")}{Text.Plural(source.Farthest, "row")}");
        if (season is { } rows)
            output.WriteLine($"season   {Text.Plural(rows, "row")}{(request.Season is null ? $", by data.step: {source!.Step}" : "")}");
        var ofElements = figures.Metrics.Where(metric => metric.Count > 0).ToList();
        string units = string.Concat(figures.Metrics.Except(ofElements).Select(metric => $", {Text.Figure(metric)}"));
        output.WriteLine($"loss     {Text.Figure(figures.Loss)} ({package.Config.Loss}{units})");
        if (ofElements.Count > 0)
        {
            output.WriteLine();
            Write(output, ofElements);
        }

        if (request.Output is { } file)
            Write(result, file, request.Force);
        output.Flush();
        return ExitCode.Completed;
    }

    private static void Write(TextWriter output, IReadOnlyList<Metric> figures)
    {
        var table = new MetricTable(figures);
        bool hasSeries = table.Rows.Any(row => row.Series is not null);
        var rows = new TextTable(
            [
                .. hasSeries ? ["SERIES"] : Array.Empty<string>(), "TARGET", "ELEMENTS",
                .. table.Names.Select(name => name.ToUpperInvariant()),
            ]);
        foreach (var row in table.Rows)
        {
            rows.Add([.. hasSeries ? [row.Series ?? "(all)"] : Array.Empty<string>(), row.Target, Text.Count(row.Count), .. row.Figures]);
        }

        rows.Write(output);
    }

    private static void Write(EvaluationResult result, string path, bool force) => ModelData.Write(path, force, unfinished =>
    {
        using var text = new StreamWriter(unfinished);
        EvaluationReport.Write(result.Totals, text, [.. result.Baselines.Select(one => (one.Baseline.Name, one.Totals))]);
    });
}
