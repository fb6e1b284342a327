using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Models.Bulk;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What is forecast, and where to.</summary>
/// <param name="Cluster">The run store, and the cluster that computes; without one this process does.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Input">The file to forecast from; <c>-</c> for standard input.</param>
/// <param name="Output">The file to write; <c>-</c> for standard output.</param>
/// <param name="FromState">The hidden state to begin with: <c>zero</c>, <c>end</c> or a file.</param>
/// <param name="StateOut">The file that receives the hidden state at the end; null for none.</param>
/// <param name="Force">Whether files that exist are replaced.</param>
/// <param name="Paths">How paths behind the last rows are drawn; null to forecast from each row instead.</param>
internal sealed record PredictRequest(
    ClusterSelection Cluster, string Model, string Input, string Output, string FromState, string? StateOut, bool Force,
    PathOptions? Paths = null)
{
    /// <summary>Of a model of label sequences, the width of the beam; null for the labels of the likeliest path.</summary>
    public int? Beam { get; init; }
}

/// <summary><c>tbptt predict</c>: forecasts with a trained model, from every row of a table, in the units of its columns.</summary>
internal static class PredictCommand
{
    /// <summary>The word for a hidden state of zeros.</summary>
    public const string Zero = "zero";

    /// <summary>The word for the hidden state at the end of training.</summary>
    public const string End = "end";

    /// <summary>The word for standard input and standard output.</summary>
    public const string Standard = "-";

    /// <summary>Writes the forecasts.</summary>
    /// <exception cref="ClientException">There is no such model or state, or a file exists or cannot be written.</exception>
    /// <exception cref="SpecException">The input cannot be forecast from.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, PredictRequest request)
    {
        var package = ModelFinder.Find(context, request.Cluster.Runs, request.Model);
        Check(request, package.Spec.Data.Source is ArraySource, hasLabels: package.Spec.Train.Loss.BlankClass is not null);
        if (package.Spec.TakesWholeSequences)
            CheckWhole(request);
        if (request.Beam is not null && package.Spec.Train.Loss.BlankClass is null)
        {
            throw new ClientException(
                $"--beam: found it with a model of loss {package.Spec.Train.Loss.Word}, expected one of label sequences "
                + "(ctc); leave it out", ExitCode.Usage);
        }

        if (request.Paths is not null)
            SampledForecast.Check(request, package);
        bool isCut = request.StateOut is not null || request.Input == Standard;
        if (isCut && (package.Spec.Data.Source as TableSource)?.MissingValues == MissingValues.Interpolate)
        {
            throw new ClientException(
                $"{(request.StateOut is null ? "--input -" : "--state-out")}: found data.missingValues: interpolate, expected "
                + "mask, forward or refuse, because a missing cell before a cut would be filled by rows behind it; forecast from all rows "
                + "in one file", ExitCode.Usage);
        }

        var states = new ForecastStates(package, request.FromState);
        string end = $".{Guid.NewGuid():N}", unfinished = $"{request.Output}{end}";
        try
        {
            var written = request.Input == Standard
                ? ForecastArriving(context, package, states, request, unfinished)
                : await ForecastFileAsync(context, package, states, request, unfinished);
            if (written is not { } rows)
                return ExitCode.ReaderGone;
            if (request.StateOut is { } state)
                states.Write(state + end);
            if (request.Output != Standard)
            {
                File.Move(unfinished, request.Output, request.Force);
                context.Terminal.Out.WriteLine($"wrote {Text.OneLine(request.Output)}: {rows}");
            }

            // Last, so that no state is ahead of forecasts that are lost.
            if (request.StateOut is { } path)
                File.Move(path + end, path, request.Force || IsSame(path, request.FromState));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClientException(
                $"cannot write the forecasts: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
        finally
        {
            File.Delete(unfinished);
            if (request.StateOut is { } path)
                File.Delete(path + end);
        }

        return ExitCode.Completed;
    }

    /// <summary>Forecasts from a file, many series at a time, written series by series.</summary>
    private static async Task<string> ForecastFileAsync(
        ConsoleContext context, ModelPackage package, ForecastStates states, PredictRequest request, string unfinished)
    {
        // Rows without a state stand alone: then at least one of them must be fit to be forecast from.
        bool follows = request.StateOut is not null || request.FromState is not (Zero or End);
        var before = follows ? states.Ends : null;
        using var data = ModelData.Open(request.Input, () => package.Spec.Data.Source is ArraySource
            ? Forecasting.OpenArray(package.Spec, package.Config.Contents, request.Input, before)
            : Forecasting.Open(package.Spec, package.Config.Contents, request.Input, before));
        states.Check(context, data, request.Input);
        float[] hidden = states.Before(data);
        if (request.Paths is { } paths)
            return SampledForecast.Write(context, package, data, hidden, paths, request.Output, unfinished);
        var labels = package.Spec.Train.Loss.BlankClass is { } blank
            ? new LabelTable(context, data, request.Output, unfinished, blank, request.Beam) : null;
        using IForecastTable forecasts = labels ?? (IForecastTable)new ForecastTable(context, data, request.Output, unfinished);
        var model = BlockForecaster.ModelOf(package, data.Shape);
        if (request.Cluster.IsNamed)
        {
            await using var cluster = await context.Clusters.OpenAsync(request.Cluster, CancellationToken.None);
            await using var silos = new ClusterBlocks(cluster, model, context.Time, context.Limits);
            await BulkForecast.RunAsync(model, data, hidden, silos, forecasts.Add, package.Spec.TakesWholeSequences);
        }
        else
        {
            using var cores = new LocalBlocks(model, LocalBlocks.SlotsFor(
                model.Parameters.Length, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, Environment.ProcessorCount));
            await BulkForecast.RunAsync(model, data, hidden, cores, forecasts.Add, package.Spec.TakesWholeSequences);
        }

        states.Take(data, hidden);
        string what = labels is null ? Ahead(data) : Text.Plural(labels.Labels, "label");
        return $"{what}, from {Text.Plural(forecasts.Rows, "row")} of {Text.Plural(data.Sequences.Count, "sequence")}";
    }

    /// <summary>Forecasts from the rows of standard input as they arrive, in their order; null where nobody reads any more.</summary>
    private static string? ForecastArriving(
        ConsoleContext context, ModelPackage package, ForecastStates states, PredictRequest request, string unfinished)
    {
        using var input = context.Terminal.OpenInput();
        var stream = ModelData.Open(ArrivingRows.Name, () => new ArrivingRows(package.Spec, package.Config.Contents, input));
        SequencePredictor? predictor = null;
        ForecastTable? forecasts = null;
        string ahead = "";
        try
        {
            while (ModelData.Open(ArrivingRows.Name, () => stream.Next(states.EndsByName)) is { } next)
            {
                using var data = next;
                bool mayRepeat = forecasts is not null && package.Spec.Data.Source is TableSource { Step: null };
                states.Check(context, data, ArrivingRows.Name, mayRepeat);
                float[] hidden = states.Before(data);
                predictor ??= new(package.Spec, data.Shape, package.Parameters.Span);
                forecasts ??= new(context, data, request.Output, unfinished);
                ahead = Ahead(data);
                forecasts.AddInOrder(data, take => Forecaster.Run(predictor, data, hidden, take));
                states.Take(data, hidden);
                if (context.Terminal.HasLostItsReader())
                    return null;
            }

            return $"{ahead}, from {Text.Plural(forecasts!.Rows, "row")}";
        }
        finally
        {
            forecasts?.Dispose();
            predictor?.Dispose();
        }
    }

    private static string Ahead(IForecastData data) => data.Horizon == 0 ? Text.Plural(data.Targets.Count, "output")
        : data.Horizons > 1 ? $"forecasts of {data.Targets[0]} to {data.Targets[^1]}"
        : $"forecasts of {string.Join(", ", data.Targets)}, {Text.Plural(data.Horizon, "row")} ahead";

    /// <summary>Refuses files that are each other, that exist, or that have no directory, before anything is computed.</summary>
    private static void Check(PredictRequest request, bool isOfArrays, bool hasLabels)
    {
        if (isOfArrays && request.Input == Standard)
        {
            throw new ClientException(
                "--input: found - with a model of arrays, expected a .npy file, because standard input is read as CSV", ExitCode.Usage);
        }

        if (request.Output != Standard)
        {
            bool mayBeArray = isOfArrays && !hasLabels;
            if (!mayBeArray || !OutputFormats.IsArray(request.Output))
                _ = OutputFormats.Of(request.Output, mayBeArray ? ForecastTable.OrArray : ForecastTable.OrStandard);
            ModelData.CheckOutput("--output", request.Output, request.Force, request.Input, request.FromState, request.StateOut);
        }

        if (request.StateOut is { } state)
        {
            // A state may take the place of the one that it follows on.
            ModelData.CheckOutput("--state-out", state, request.Force || IsSame(state, request.FromState), request.Input);
        }
    }

    /// <summary>Refuses states, and rows that arrive, of a model that takes whole sequences.</summary>
    private static void CheckWhole(PredictRequest request)
    {
        (string Option, string Found, string Expected)[] all =
        [
            ("--from-state", request.FromState == Zero ? "" : request.FromState, Zero), ("--state-out", request.StateOut ?? "", "none"),
            ("--input", request.Input == Standard ? Standard : "", "a file"),
        ];
        if (all.FirstOrDefault(one => one.Found.Length > 0) is { Option: not null } wrong)
        {
            throw new ClientException(
                $"{wrong.Option}: found {Text.OneLine(wrong.Found)} with a model that takes whole sequences, expected {wrong.Expected}, "
                + "because no state is carried from one part of a sequence to the next; put whole sequences into one file", ExitCode.Usage);
        }
    }

    private static bool IsSame(string one, string other) =>
        other is not (Zero or End) && Path.GetFullPath(one) == Path.GetFullPath(other);
}
