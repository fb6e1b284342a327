using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The division of a table into sequences. Without series it is one stream (<see cref="StreamCut"/>). With series, the first rows of
/// each are trained on and the last ones held out; the rows of a series lie one after the other, the series in the order in which they
/// appear:
/// <code>
/// series 0 |---- training ----|h|-- validation --|h|   series 1 |---- training ----|h| …
/// </code>
/// A target lies <c>horizon</c> rows behind its input, within the same part of the same series.
/// </summary>
/// <param name="Training">The sequences that are trained on.</param>
/// <param name="Validation">Those that are held out; null when nothing is.</param>
/// <param name="TrainingRows">How many rows of each series are in the training part.</param>
/// <param name="Short">The series that are too short for a target in the training part.</param>
internal sealed record TableCut(StreamRows Training, StreamRows? Validation, IReadOnlyList<long> TrainingRows, IReadOnlyList<int> Short)
{
    /// <summary>The series that are too short for a target in the part that is held out.</summary>
    public IReadOnlyList<int> ShortHeld { get; init; } = [];

    /// <summary>A table that is one stream.</summary>
    public static TableCut Of(StreamCut stream) => new(stream.Training, stream.Validation, [stream.TrainingPositions], []);

    /// <summary>Cuts series; null, with problems, when that is not possible.</summary>
    /// <param name="rows">Rows of each series.</param>
    /// <param name="horizon">Rows from an input to its target.</param>
    /// <param name="fraction">The share of each series' rows to hold out.</param>
    /// <param name="problems">Collects the problems.</param>
    public static TableCut? TryCut(IReadOnlyList<long> rows, int horizon, double fraction, ProblemList problems)
    {
        var training = new Part(horizon);
        var validation = new Part(horizon);
        var trainingRows = new long[rows.Count];
        var (tooShort, shortHeld) = (new List<int>(), new List<int>());
        long start = 0;
        for (int series = 0; series < rows.Count; start += rows[series], series++)
        {
            long held = HoldOut.Share(fraction, rows[series]);
            trainingRows[series] = rows[series] - held;
            if (!training.Add(series, start, trainingRows[series]))
                tooShort.Add(series);
            if (!validation.Add(series, start + trainingRows[series], held) && fraction > 0)
                shortHeld.Add(series);
        }

        if (training.Count == 0 && fraction < 1)
        {
            problems.Add(
                DataKeys.Series, $"series of at most {Wording.Count(rows.DefaultIfEmpty().Max(), "row")}",
                $"one with {Wording.Count(horizon + 1L, "row")} to train on, an input and its target", "add data, or correct data.series");
        }
        else if (fraction > 0 && validation.Count == 0)
        {
            problems.Add(
                DataKeys.ValidationFraction, $"{fraction}, which holds out less than an input and its target of every series",
                $"at least {Wording.Count(horizon + 1L, "row")} of one", "raise it, add data, or leave it out");
        }

        if (!problems.IsEmpty)
            return null;
        return new(training.Rows, fraction > 0 ? validation.Rows : null, trainingRows, tooShort) { ShortHeld = shortHeld };
    }

    private sealed class Part(int horizon)
    {
        private readonly List<long> _starts = [];
        private readonly List<int> _lengths = [];
        private readonly List<int> _series = [];

        public int Count => _starts.Count;

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
