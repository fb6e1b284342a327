using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The division of a table into sequences. Without series it is one stream (<see cref="StreamCut"/>). With series, the first rows of
/// each are trained on and the last ones held out; the rows of a series lie one after the other, the series in the order in which they
/// appear:
/// <code>
/// series 0 |---- training ----|h|-- validation --|h|-- test --|h|   series 1 |---- training ----|h| …
/// </code>
/// A target lies <c>horizon</c> rows behind its input, within the same part of the same series.
/// </summary>
/// <param name="Training">The sequences that are trained on.</param>
/// <param name="Validation">Those that are validated on; null when none are.</param>
/// <param name="Test">Those that are tested on; null when none are.</param>
/// <param name="At">Where the parts of each series begin.</param>
/// <param name="Short">The series that are too short for a target in the training part.</param>
internal sealed record TableCut(
    StreamRows Training, StreamRows? Validation, StreamRows? Test, IReadOnlyList<PartBorders> At, IReadOnlyList<int> Short)
{
    /// <summary>The series that are too short for a target in the part that is validated on.</summary>
    public IReadOnlyList<int> ShortHeld { get; init; } = [];

    /// <summary>The series that are too short for a target in the part that is tested on.</summary>
    public IReadOnlyList<int> ShortTest { get; init; } = [];

    /// <summary>The cut with series left out of the parts that are held out; they are trained on as before.</summary>
    /// <param name="series">The series.</param>
    /// <param name="data">Says what is held out.</param>
    /// <param name="problems">Collects the problem of a part of which nothing is left.</param>
    public TableCut WithoutHeldOut(IReadOnlyList<int> series, DataSpec data, ProblemList problems)
    {
        var dropped = series.ToHashSet();
        return this with
        {
            Validation = Left(Validation, HeldOutPart.Validation), Test = Left(Test, HeldOutPart.Test),
        };

        StreamRows? Left(StreamRows? rows, HeldOutPart part)
        {
            if (rows is null)
                return null;
            int[] kept = [.. Enumerable.Range(0, rows.Lengths.Count).Where(sequence => !dropped.Contains(rows.SeriesOf(sequence)))];
            if (kept.Length == 0 && HeldOut.Of(data, part) is { } held)
            {
                problems.Add(
                    held.Key,
                    $"{held.Found} with data.scale: series, and no series held out there that has a value to train on in every column",
                    "one of which the scale is known", "correct the border, or write data.scale: column");
            }

            return new([.. kept.Select(sequence => rows.Starts[sequence])], [.. kept.Select(sequence => rows.Lengths[sequence])])
            {
                Series = [.. kept.Select(rows.SeriesOf)],
            };
        }
    }

    /// <summary>How many rows of each series are in the training part.</summary>
    public IReadOnlyList<long> TrainingRows => [.. At.Select(series => series.Validation)];

    /// <summary>A table that is one stream.</summary>
    public static TableCut Of(StreamCut stream) => new(stream.Training, stream.Validation, stream.Test, [stream.At], []);

    /// <summary>Holds all rows of every series out; null, with problems, where no series has a target.</summary>
    /// <param name="rows">Rows of each series.</param>
    /// <param name="horizon">Rows from an input to its target.</param>
    /// <param name="problems">Collects the problems.</param>
    public static TableCut? TryHoldOut(IReadOnlyList<long> rows, int horizon, ProblemList problems)
    {
        TableCut cut = Cut(rows, horizon, (_, count) => new(0, count, count));
        if (cut.Validation!.Lengths.Count > 0)
            return cut with { Test = null, ShortTest = [] };
        AddTooShort(rows, horizon, "an input and its target", problems);
        return null;
    }

    /// <summary>Trains on all but the last rows of every series; null, with problems, where none of them has a target.</summary>
    /// <param name="rows">Rows of each series.</param>
    /// <param name="leftOut">How many rows of each are left out.</param>
    /// <param name="source">The table.</param>
    /// <param name="data">Lanes; nothing is held out.</param>
    /// <param name="horizon">Rows from an input to its target.</param>
    /// <param name="problems">Collects the problems.</param>
    public static TableCut? TryLeaveOut(
        IReadOnlyList<long> rows, int leftOut, TableSource source, DataSpec data, int horizon, ProblemList problems)
    {
        if (source.Series is null)
        {
            long left = Math.Max(0, rows.Sum() - leftOut);
            return StreamCut.TryCut(left, "row", source.Path, data, horizon, problems) is { } stream ? Of(stream) : null;
        }

        TableCut cut = Cut(rows, horizon, (_, count) => Math.Max(0, count - leftOut) is var left ? new(left, left, left) : default);
        if (cut.Training.Lengths.Count > 0)
            return cut with { Validation = null, ShortHeld = [], Test = null, ShortTest = [] };
        AddTooShort(rows, horizon + leftOut, "to train on, an input and its target", problems);
        return null;
    }

    /// <summary>Cuts series by a spec; null, with problems, when that is not possible.</summary>
    /// <param name="rows">Rows of each series.</param>
    /// <param name="data">Says what is held out.</param>
    /// <param name="horizon">Rows from an input to its target.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <param name="before">The rows of a series that lie before a part where its border is a time.</param>
    public static TableCut? TryCut(
        IReadOnlyList<long> rows, DataSpec data, int horizon, ProblemList problems, Func<HeldOutPart, int, long> before)
    {
        HeldOut? validation = HeldOut.Of(data, HeldOutPart.Validation), test = HeldOut.Of(data, HeldOutPart.Test);
        TableCut cut = Cut(rows, horizon, (series, count) => PartBorders.Of(data, count, part => before(part, series)));
        if (cut.At.Any(series => series.Validation > series.Test))
        {
            problems.Add(validation!.Key, $"{validation.Found}, which is not before {test!.Key} {test.Found}", "an earlier border",
                "correct one of the two");
        }
        else if ((validation ?? test) is { } all && cut.At.All(series => series.Validation == 0))
        {
            all.AddLeavesNothing("row", "any series", problems);
        }
        else if (cut.Training.Lengths.Count == 0)
        {
            AddTooShort(rows, horizon, "to train on, an input and its target", problems);
        }

        Check(validation, cut.Validation!);
        Check(test, cut.Test!);
        if (!problems.IsEmpty)
            return null;
        cut = validation is null ? cut with { Validation = null, ShortHeld = [] } : cut;
        return test is null ? cut with { Test = null, ShortTest = [] } : cut;

        void Check(HeldOut? held, StreamRows part)
        {
            if (held is not null && part.Lengths.Count == 0 && problems.IsEmpty)
            {
                problems.Add(
                    held.Key, $"{held.Found}, which holds out less than an input and its target of every series",
                    $"at least {Wording.Count(horizon + 1L, "row")} of one", "raise it, add data, or leave it out");
            }
        }
    }

    private static TableCut Cut(IReadOnlyList<long> rows, int horizon, Func<int, long, PartBorders> cut)
    {
        Part training = new(horizon), validation = new(horizon), test = new(horizon);
        var borders = new PartBorders[rows.Count];
        List<int> tooShort = [], shortHeld = [], shortTest = [];
        long start = 0;
        for (int series = 0; series < rows.Count; start += rows[series], series++)
        {
            PartBorders at = borders[series] = cut(series, rows[series]);
            if (!training.Add(series, start, at.Validation))
                tooShort.Add(series);
            if (!validation.Add(series, start + at.Validation, at.Validated))
                shortHeld.Add(series);
            if (!test.Add(series, start + at.Test, at.Tested))
                shortTest.Add(series);
        }

        return new(training.Rows, validation.Rows, test.Rows, borders, tooShort) { ShortHeld = shortHeld, ShortTest = shortTest };
    }

    private static void AddTooShort(IReadOnlyList<long> rows, int horizon, string what, ProblemList problems) => problems.Add(
        DataKeys.Series, $"series of at most {Wording.Count(rows.DefaultIfEmpty().Max(), "row")}",
        $"one with {Wording.Count(horizon + 1L, "row")} {what}", "add data, or correct data.series");

    private sealed class Part(int horizon)
    {
        private readonly List<long> _starts = [];
        private readonly List<int> _lengths = [];
        private readonly List<int> _series = [];

        public StreamRows Rows => new(_starts, _lengths) { Series = _series };

        public bool Add(int series, long first, long rows)
        {
            if (rows <= horizon)
                return false;
            _starts.Add(first);
            _lengths.Add(checked((int)(rows - horizon)));
            _series.Add(series);
            return true;
        }
    }
}
