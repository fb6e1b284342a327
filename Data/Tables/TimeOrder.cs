using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Whether the times of rows rise from each row to the next of its series, and by which steps.</summary>
/// <param name="source">Says whether the column of time is named, and the step.</param>
/// <param name="column">The column of time.</param>
internal sealed class TimeOrder(TableSource source, ChosenColumn column)
{
    private const int MostSteps = 1000;

    private readonly TimeStep _unit = new(column.Type.IsTime());
    private readonly Dictionary<double, long> _steps = [];
    private long _rises;
    private long _falls;
    private (long Place, double Before, double At) _firstFall;
    private long _repeats;
    private long _firstRepeat;

    /// <summary>Whether time falls from each row to the next.</summary>
    public bool IsNewestFirst => _falls > 0 && _rises == 0;

    /// <summary>Whether time goes back nowhere.</summary>
    public bool Rises => _falls == 0;

    /// <summary>Rows at which time turns from forth to back or the reverse, at least: the fewer, the more orderly the times are.</summary>
    public long Turns => Math.Min(_rises, _falls);

    /// <summary>How many different steps there are.</summary>
    public int Steps => _steps.Count;

    private string Name => Wording.Quote(column.Name);

    /// <summary>A time as people write it.</summary>
    public string Show(double time) => _unit.ShowTime(time);

    /// <summary>Takes the time of a row.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="before">The time of the row before in its series; NaN for none.</param>
    /// <param name="at">Its time.</param>
    public void Add(long place, double before, double at)
    {
        if (double.IsNaN(before))
            return;
        if (at == before)
        {
            if (_repeats++ == 0)
                _firstRepeat = place;
            return;
        }

        if (at > before)
            _rises++;
        else if (_falls++ == 0)
            _firstFall = (place, before, at);
        double step = Math.Abs(at - before);
        if (_steps.TryGetValue(step, out long count))
            _steps[step] = count + 1;
        else if (_steps.Count < MostSteps)
            _steps.Add(step, 1);
    }

    /// <summary>Adds the problem of rows that are not in the order of time, or not by the step that the spec names.</summary>
    public void Check(TableReader reader, ProblemList problems)
    {
        if (source.Time is null)
        {
            if (IsNewestFirst && source.Series is null)
            {
                problems.Add(
                    DataKeys.Source, $"the newest row first, by column {Name}, in {source.Path}",
                    "the oldest first, because each row is forecast from those above it",
                    $"write data.time: {Name}, which turns them round");
            }

            return;
        }

        if (_falls > 0 && !IsNewestFirst)
        {
            (long place, double before, double at) = _firstFall;
            problems.Add(
                DataKeys.Time,
                $"{_unit.ShowTime(at)} at {reader.Describe(place)}, below {_unit.ShowTime(before)}; time goes back in "
                + $"{Wording.Count(_falls, "row")} and forth in {_rises}",
                source.Series is null ? "rows in the order of time" : "the rows of each series in the order of time",
                source.Series is null
                    ? $"sort the rows by {Name}, or write data.series where the file has several series below each other"
                    : $"sort the rows of each series by {Name}");
        }
        else if (source.Step is { } step)
        {
            CheckStep(step, reader, problems);
        }
    }

    /// <summary>What people should know.</summary>
    public IReadOnlyList<string> Notes(TableReader reader)
    {
        var notes = new List<string>();
        if (IsNewestFirst)
            notes.Add($"the newest row comes first by {Name}; the rows are read from the last to the first");
        else if (_falls > 0)
        {
            notes.Add($"column {Name} goes back in {Wording.Count(_falls, "row")}, first at {reader.Describe(_firstFall.Place)}: "
                + "if the file has several series below each other, write data.series");
            return notes;
        }

        if (_repeats > 0)
        {
            notes.Add($"{Wording.Count(_repeats, "row")} with the time of the row before by {Name}, first at "
                + $"{reader.Describe(_firstRepeat)}"
                + (source.Series is null ? ": if the file has several series, write data.series" : ""));
        }

        // A column of days, next to one of hours, says nothing of the steps between rows.
        if (source.Time is null && _repeats > 0)
            return notes;
        double usual = source.Step is { } text ? _unit.Parse(text) ?? 0 : _steps.Count > 0 ? _steps.MaxBy(step => step.Value).Key : 0;

        (string name, double least, double most) = Period(usual);
        if (usual == 0 || (source.Step is null && CountOf(least, most) * 2 < _steps.Values.Sum()))
            return notes;
        long gaps = CountOf(most * 1.5, double.PositiveInfinity);
        notes.Add($"a row every {name}"
            + (gaps == 0 ? ", without gaps" : $", with {Wording.Count(gaps, "gap")}, the longest of {_unit.Show(_steps.Keys.Max())}"));
        return notes;
    }

    /// <summary>The period that a step belongs to, and its shortest and longest steps: those of the calendar have no one length.</summary>
    private (string Name, double Least, double Most) Period(double step)
    {
        const double Day = 86_400e6;
        (string, double, double)[] calendar =
            [("month", 28 * Day, 31 * Day), ("quarter", 90 * Day, 92 * Day), ("year", 365 * Day, 366 * Day)];
        foreach (var (name, least, most) in _unit.IsTime ? calendar : [])
        {
            if (step >= least && step <= most && _steps.Keys.Any(other => other != step && other >= least && other <= most))
                return (name, least, most);
        }

        return (_unit.Show(step), step, step);
    }

    private long CountOf(double least, double most) => _steps.Where(step => step.Key >= least && step.Key <= most).Sum(step => step.Value);

    private void CheckStep(string text, TableReader reader, ProblemList problems)
    {
        if (_unit.Parse(text) is not { } step)
        {
            problems.Add(
                DataKeys.Step, Wording.Quote(text),
                _unit.IsTime ? "a time such as 10min, 1h or 1d" : "a number in the unit of the times, because these are numbers",
                _unit.IsTime ? "correct it" : "write how far two rows lie apart");
            return;
        }

        if (_repeats > 0)
        {
            problems.Add(
                DataKeys.Step,
                $"{Wording.Count(_repeats, "row")} with the time of the row before, first at {reader.Describe(_firstRepeat)}",
                $"rows at multiples of {text}", "remove them, or write data.series where the file has several series");
        }

        double[] others = [.. _steps.Keys.Where(one => Math.Abs((one / step) - Math.Round(one / step)) > 1e-6)];
        if (others.Length > 0)
        {
            problems.Add(
                DataKeys.Step, $"rows that lie {_unit.Show(others[0])} apart", $"rows at multiples of {text}",
                "correct data.step, or the rows");
        }
    }
}
