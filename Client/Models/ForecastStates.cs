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

    // Those of the newest rows first.
    private readonly LinkedList<SequenceState> _all = [];
    private readonly Dictionary<string, LinkedListNode<SequenceState>> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SeriesEnd> _ends = new(StringComparer.Ordinal);

    /// <summary>The states to begin with.</summary>
    /// <param name="package">The model.</param>
    /// <param name="from"><see cref="PredictCommand.Zero"/>, <see cref="PredictCommand.End"/> or a file.</param>
    /// <exception cref="ClientException">There is no such state.</exception>
    public ForecastStates(ModelPackage package, string from)
    {
        (_package, _initial) = (package, Forecaster.Starts(package));
        if (from == PredictCommand.End)
            _initial = EndOfTraining(package);
        else if (from != PredictCommand.Zero)
        {
            _file = from;
            Put(Read(from, package));
        }
    }

    /// <summary>Where the series ended.</summary>
    public IReadOnlyList<SeriesEnd> Ends => [.. _all.Select(state => state.End)];

    /// <summary>Where the series ended, by their names.</summary>
    public IReadOnlyDictionary<string, SeriesEnd> EndsByName => _ends;

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
            if (!_ends.TryGetValue(series.End.Name, out var end))
            {
                missing++;
                continue;
            }

            if (end.Instant is { } last && series.FirstInstant is { } first
                && (mayRepeat ? first < last : first <= last))
            {
                string of = series.End.Name.Length > 0 ? $" of {Text.OneLine(series.End.Name)}" : "";
                throw new ClientException(
                    $"{Text.OneLine(input)}: found a row{of} at {series.FirstTime}, expected rows after {end.Time}, the last one of "
                    + $"{(_file is null ? "those before" : Text.OneLine(_file))}; remove the rows that were forecast from before",
                    ExitCode.BadSpec);
            }
        }

        if (missing > 0 && _file is not null)
        {
            context.Terminal.Error.WriteLine(
                $"note: {Text.Plural(missing, "sequence")} without a state in {Text.OneLine(_file)} begin at "
                + (_package.Spec.Model.LearnInitialState ? "the learned state" : "zero"));
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

    /// <summary>Takes the states after the rows; series without rows keep theirs, and take no time.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="hidden">The hidden state of each sequence after its last time step.</param>
    public void Take(IForecastData data, ReadOnlyMemory<float> hidden)
    {
        Put([.. data.Series.Select(series => new SequenceState(
            series.End, series.Sequence is { } sequence
                ? hidden.Slice(sequence * _initial.Length, _initial.Length) : Of(series.End.Name)))]);
    }

    /// <summary>Writes the states.</summary>
    public void Write(string path)
    {
        using var stream = File.Create(path);
        StateFile.Write(stream, _package, [.. _all]);
    }

    private ReadOnlyMemory<float> Of(string name) => _byName.TryGetValue(name, out var state) ? state.Value.Hidden : _initial;

    private void Put(IReadOnlyList<SequenceState> states)
    {
        foreach (var state in states.Reverse())
        {
            if (_byName.TryGetValue(state.End.Name, out var old))
                _all.Remove(old);
            _byName[state.End.Name] = _all.AddFirst(state);
            _ends[state.End.Name] = state.End;
        }
    }

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
