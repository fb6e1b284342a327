using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>The states of all series that forecasts are made from, before and after some rows.</summary>
internal sealed class ForecastStates
{
    private readonly ModelPackage _package;
    private readonly float[] _initial;
    private readonly string? _file;
    private IReadOnlyList<SequenceState> _all;
    private Dictionary<string, SequenceState> _byName;

    /// <summary>The states to begin with.</summary>
    /// <param name="package">The model.</param>
    /// <param name="from"><see cref="PredictCommand.Zero"/>, <see cref="PredictCommand.End"/> or a file.</param>
    /// <exception cref="ClientException">There is no such state.</exception>
    public ForecastStates(ModelPackage package, string from)
    {
        (_package, _initial, _all) = (package, new float[Forecaster.HiddenLength(package)], []);
        if (from == PredictCommand.End)
            _initial = EndOfTraining(package);
        else if (from != PredictCommand.Zero)
            (_file, _all) = (from, Read(from, package));
        _byName = _all.ToDictionary(state => state.End.Name);
    }

    /// <summary>Where the series ended.</summary>
    public IReadOnlyList<SeriesEnd> Ends => [.. _all.Select(state => state.End)];

    /// <summary>Refuses rows that were forecast from before, and reports series that have no state in a file.</summary>
    /// <param name="context">The terminal.</param>
    /// <param name="data">The rows.</param>
    /// <param name="input">Where they come from.</param>
    /// <param name="mayRepeat">Whether a row may have the time of the last one, as within a file.</param>
    /// <exception cref="ClientException">A row is not later than the last one before.</exception>
    public void Check(ConsoleContext context, IForecastData data, string input, bool mayRepeat = false)
    {
        int missing = 0;
        foreach (var series in data.Series)
        {
            if (!_byName.TryGetValue(series.End.Name, out var state))
            {
                missing++;
                continue;
            }

            if (state.End.Instant is { } last && series.FirstInstant is { } first
                && (mayRepeat ? first < last : first <= last))
            {
                string of = series.End.Name.Length > 0 ? $" of {Text.OneLine(series.End.Name)}" : "";
                throw new ClientException(
                    $"{Text.OneLine(input)}: found a row{of} at {series.FirstTime}, expected rows after {state.End.Time}, the last one of "
                    + $"{(_file is null ? "those before" : Text.OneLine(_file))}; remove the rows that were forecast from before",
                    ExitCode.BadSpec);
            }
        }

        if (missing > 0 && _file is not null)
        {
            context.Terminal.Error.WriteLine(
                $"note: {Text.Plural(missing, "sequence")} without a state in {Text.OneLine(_file)} begin at zero");
        }
    }

    /// <summary>The hidden state of each sequence before its first time step, <c>[sequences, hidden]</c>.</summary>
    public float[] Before(IForecastData data)
    {
        var hidden = new float[data.Sequences.Count * _initial.Length];
        foreach (var series in data.Series)
        {
            if (series.Sequence is { } sequence)
                Of(series.End.Name).CopyTo(hidden.AsMemory(sequence * _initial.Length));
        }

        return hidden;
    }

    /// <summary>Takes the states after the rows; series without rows keep theirs.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="hidden">The hidden state of each sequence after its last time step.</param>
    public void Take(IForecastData data, ReadOnlyMemory<float> hidden)
    {
        SequenceState[] now =
        [
            .. data.Series.Select(series => new SequenceState(
                series.End, series.Sequence is { } sequence
                    ? hidden.Slice(sequence * _initial.Length, _initial.Length) : Of(series.End.Name))),
        ];
        _all = [.. now, .. _all.ExceptBy(now.Select(state => state.End.Name), state => state.End.Name)];
        _byName = _all.ToDictionary(state => state.End.Name);
    }

    /// <summary>Writes the states.</summary>
    public void Write(string path)
    {
        using var stream = File.Create(path);
        StateFile.Write(stream, _package, _all);
    }

    private ReadOnlyMemory<float> Of(string name) => _byName.TryGetValue(name, out var state) ? state.Hidden : _initial;

    private static float[] EndOfTraining(ModelPackage package) => TrainingEnd.Problem(package) is not { } problem
        ? TrainingEnd.StateOf(package) : throw new ClientException(
            $"--from-state: found end, expected zero or a file: {problem}; write a file by --state-out", ExitCode.Usage);

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
}
