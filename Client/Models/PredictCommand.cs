using System.Globalization;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What is forecast, and where to.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Input">The file to forecast from.</param>
/// <param name="Output">The file to write; <c>-</c> for standard output.</param>
/// <param name="FromState">The hidden state to begin with: <c>zero</c>, <c>end</c> or a file.</param>
/// <param name="StateOut">The file that receives the hidden state at the end; null for none.</param>
/// <param name="Force">Whether files that exist are replaced.</param>
internal sealed record PredictRequest(
    string Runs, string Model, string Input, string Output, string FromState, string? StateOut, bool Force);

/// <summary><c>tbptt predict</c>: forecasts with a trained model, from every row of a table, in the units of its columns.</summary>
internal static class PredictCommand
{
    /// <summary>The word for a hidden state of zeros.</summary>
    public const string Zero = "zero";

    /// <summary>The word for the hidden state at the end of training.</summary>
    public const string End = "end";

    private const string StandardOutput = "-";

    private static readonly (string Extension, IOutputFiles Files)[] Formats =
        [(".csv", new CsvFiles()), (".jsonl", new JsonLinesFiles()), (".parquet", new ParquetFiles())];

    /// <summary>Writes the forecasts.</summary>
    /// <exception cref="ClientException">There is no such model or state, or a file exists or cannot be written.</exception>
    /// <exception cref="SpecException">The input cannot be forecast from.</exception>
    public static int Run(ConsoleContext context, PredictRequest request)
    {
        var package = ModelFinder.Find(context, request.Runs, request.Model);
        Check(request);
        using var data = ModelData.Open(request.Input, () => Forecasting.Open(package.Spec, package.Config.Contents, request.Input));
        if (request.StateOut is not null && data.Seam is { } seam)
        {
            throw new ClientException(
                $"--state-out: found {seam}, expected a model whose inputs depend on their own row alone: rows behind a cut would be read "
                + "otherwise than in one piece; forecast from all rows in one file", ExitCode.Usage);
        }

        var states = request.FromState is Zero or End ? [] : Read(request.FromState, package);
        float[] hidden = Hidden(context, package, data, request, states);
        string end = $".{Guid.NewGuid():N}", unfinished = $"{request.Output}{end}";
        try
        {
            long rows = Write(context, package, data, hidden, request.Output, unfinished);
            if (request.StateOut is { } state)
                WriteState(package, data, hidden, states, state + end);
            if (request.Output != StandardOutput)
            {
                File.Move(unfinished, request.Output, request.Force);
                context.Terminal.Out.WriteLine(
                    $"wrote {Text.OneLine(request.Output)}: forecasts of {string.Join(", ", data.Targets)}, "
                    + $"{Text.Plural(data.Horizon, "row")} ahead, from {Text.Plural(rows, "row")} of "
                    + $"{Text.Plural(data.Sequences.Count, "sequence")}");
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

    /// <summary>Refuses files that are each other, that exist, or that have no directory, before anything is computed.</summary>
    private static void Check(PredictRequest request)
    {
        if (request.Output != StandardOutput)
        {
            _ = FilesOf(request.Output);
            ModelData.CheckOutput("--output", request.Output, request.Force, request.Input, request.FromState, request.StateOut);
        }

        if (request.StateOut is { } state)
        {
            // A state may take the place of the one that it follows on.
            ModelData.CheckOutput("--state-out", state, request.Force || IsSame(state, request.FromState), request.Input);
        }
    }

    private static bool IsSame(string one, string other) =>
        other is not (Zero or End) && Path.GetFullPath(one) == Path.GetFullPath(other);

    private static long Write(
        ConsoleContext context, ModelPackage package, IForecastData data, float[] hidden, string output, string unfinished)
    {
        var columns = Columns(data);
        using IOutputTable<Forecast> table = output == StandardOutput
            ? new CsvTable<Forecast>(context.Terminal.Out, columns, leaveOpen: true)
            : FilesOf(output).Create(unfinished, columns);
        long rows = 0;
        Forecaster.Run(package, data, hidden, (slice, forecasts) =>
        {
            for (int i = 0; i < slice.Length; i++)
                table.Add(new(slice.Sequence, slice.Start + i, [.. forecasts.Slice(i * data.Targets.Count, data.Targets.Count)]));
            rows += slice.Length;
        });
        return rows;
    }

    private static IOutputFiles FilesOf(string path) =>
        Formats.FirstOrDefault(
            format => string.Equals(format.Extension, Path.GetExtension(path), StringComparison.OrdinalIgnoreCase)).Files
        ?? throw new ClientException(
            $"--output: found '{Text.OneLine(path)}', expected a name that ends in "
            + $"{string.Join(", ", Formats.Select(one => one.Extension))}, or -", ExitCode.Usage);

    /// <summary>Which row a forecast was made from: its series and time, or its number.</summary>
    private static List<OutputColumn<Forecast>> Columns(IForecastData data)
    {
        var columns = new List<OutputColumn<Forecast>>();
        if (data.SeriesColumn is { } series)
            columns.Add(new(series) { Text = row => data.Sequences.SeriesOf(row.Sequence) ?? "" });
        if (data.TimeColumn is { } time)
            columns.Add(new(time) { Text = row => data.TimeOf(row.Sequence, row.Step) ?? "" });
        else
            columns.Add(new("row") { Whole = row => row.Step + 1L });
        foreach (var (index, target) in data.Targets.Index())
        {
            columns.Add(new(string.Create(CultureInfo.InvariantCulture, $"{target} +{data.Horizon}"))
            {
                Number = row => row.Values[index],
            });
        }

        return columns;
    }

    private static float[] Hidden(
        ConsoleContext context, ModelPackage package, IForecastData data, PredictRequest request, IReadOnlyList<SequenceState> states)
    {
        int length = Forecaster.HiddenLength(package);
        var hidden = new float[data.Sequences.Count * length];
        if (request.FromState == Zero)
            return hidden;
        if (request.FromState == End)
        {
            if (TrainingEnd.Problem(package) is { } problem)
            {
                throw new ClientException(
                    $"--from-state: found end, expected zero or a file: {problem}; write a file by --state-out", ExitCode.Usage);
            }

            TrainingEnd.StateOf(package).CopyTo(hidden, 0);
            return hidden;
        }

        var known = states.ToDictionary(state => state.Name);
        int missing = 0;
        for (int sequence = 0; sequence < data.Sequences.Count; sequence++)
        {
            if (!known.TryGetValue(NameOf(data, sequence), out var state))
            {
                missing++;
                continue;
            }

            if (state.Instant is { } last && data.InstantOf(sequence, 0) is { } first && first <= last)
            {
                string of = state.Name.Length > 0 ? $" of {Text.OneLine(state.Name)}" : "";
                throw new ClientException(
                    $"{Text.OneLine(request.Input)}: found a row{of} at {data.TimeOf(sequence, 0)}, expected rows after {state.Time}, the "
                    + $"last one of {Text.OneLine(request.FromState)}; remove the rows that were forecast from before", ExitCode.BadSpec);
            }

            state.Hidden.CopyTo(hidden.AsMemory(sequence * length));
        }

        if (missing > 0)
        {
            context.Terminal.Error.WriteLine(
                $"note: {Text.Plural(missing, "sequence")} without a state in {Text.OneLine(request.FromState)} begin at zero");
        }

        return hidden;
    }

    private static IReadOnlyList<SequenceState> Read(string path, ModelPackage package)
    {
        try
        {
            return StateFile.Read(path, package);
        }
        catch (ModelPackageException exception)
        {
            throw new ClientException(Text.OneLine(exception.Message), ExitCode.Failed, exception);
        }
    }

    /// <summary>Writes the states after the last rows, and those of sequences that had no rows this time.</summary>
    private static void WriteState(
        ModelPackage package, IForecastData data, float[] hidden, IReadOnlyList<SequenceState> former, string path)
    {
        int length = Forecaster.HiddenLength(package);
        SequenceState[] now =
        [
            .. Enumerable.Range(0, data.Sequences.Count).Select(i => new SequenceState(
                NameOf(data, i), data.InstantOf(i, data.Sequences.Length(i) - 1), data.TimeOf(i, data.Sequences.Length(i) - 1),
                hidden.AsMemory(i * length, length))),
        ];
        using var stream = File.Create(path);
        StateFile.Write(stream, package, [.. now, .. former.ExceptBy(now.Select(state => state.Name), state => state.Name)]);
    }

    private static string NameOf(IForecastData data, int sequence) => data.Sequences.SeriesOf(sequence) ?? "";

    /// <summary>The forecasts from one row.</summary>
    /// <param name="Sequence">Its sequence.</param>
    /// <param name="Step">Its time step.</param>
    /// <param name="Values">The forecast of each target.</param>
    private readonly record struct Forecast(int Sequence, int Step, double[] Values);
}
