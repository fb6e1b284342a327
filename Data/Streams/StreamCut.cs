using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Streams;

/// <summary>Rows of a stream: which contiguous positions each sequence covers.</summary>
/// <param name="Starts">The position of each row's first input.</param>
/// <param name="Lengths">Time steps of each row.</param>
internal sealed record StreamRows(IReadOnlyList<long> Starts, IReadOnlyList<int> Lengths)
{
    /// <summary>The series that each sequence is, one each; empty where all are parts of one stream.</summary>
    public IReadOnlyList<int> Series { get; init; } = [];

    /// <summary>The series of a sequence; 0 where all are parts of one stream.</summary>
    public int SeriesOf(int sequence) => Series.Count == 0 ? 0 : Series[sequence];
}

/// <summary>
/// The division of one long stream of <c>n</c> positions into sequences. A target lies <c>horizon</c> positions after its input.
/// <code>
/// |-------------- training part ---------------|------ validation part ------|
/// | row 0 | row 1 | … | row lanes-1 | dropped |h| row 0 | row 1 | … | row v  |h|
/// </code>
/// Training rows are all equally long, floor((n - horizon) / lanes), so that no lane is ever idle; the few targets that
/// remain are dropped. Validation drops none: every target counts once. All its inputs lie after the training part, and so its targets
/// lie after every training target: no validation target was trained on.
/// </summary>
/// <param name="TrainingPositions">Positions of the training part.</param>
/// <param name="Training">One row for each lane.</param>
/// <param name="Validation">As even rows as can be, the first ones one longer; null when nothing is held out.</param>
internal sealed record StreamCut(long TrainingPositions, StreamRows Training, StreamRows? Validation)
{
    /// <summary>Cuts a stream by a spec; null, with problems, when that is not possible.</summary>
    /// <param name="positions">Rows or bytes of the stream.</param>
    /// <param name="noun">The noun for a position: <c>row</c>, <c>byte</c>.</param>
    /// <param name="source">The stream's name in messages.</param>
    /// <param name="data">Lanes, and what is held out.</param>
    /// <param name="horizon">Positions from an input to its target.</param>
    /// <param name="problems">Collects the problems.</param>
    public static StreamCut? TryCut(long positions, string noun, string source, DataSpec data, int horizon, ProblemList problems)
    {
        if (data.Validation?.Row is not { } row)
            return TryCut(positions, noun, source, data.BatchSize, horizon, data.ValidationFraction, problems);
        if (row > 1 && row <= positions)
            return TryCut(positions, noun, source, data.BatchSize, horizon, (positions - row + 1) / (double)positions, problems);
        problems.Add(DataKeys.ValidationRow, $"{row} with {Wording.Count(positions, noun)} in {source}", $"2 to {positions}",
            "correct it, or leave it out");
        return null;
    }

    /// <summary>Holds all of a stream out: no target is dropped. Null, with problems, where there is none.</summary>
    /// <inheritdoc cref="TryCut(long, string, string, DataSpec, int, ProblemList)"/>
    public static StreamCut? TryHoldOut(long positions, string noun, string source, int lanes, int horizon, ProblemList problems)
    {
        if (positions > horizon)
            return new(0, new([], []), Even(0, positions - horizon, lanes));
        problems.Add(DataKeys.Source, $"{Wording.Count(positions, noun)} in {source}",
            $"at least {Wording.Count(horizon + 1L, noun)}, an input and its target", "add data");
        return null;
    }

    /// <summary>Cuts a stream; null, with problems, when that is not possible.</summary>
    /// <param name="positions">Rows or bytes of the stream.</param>
    /// <param name="noun">The noun for a position: <c>row</c>, <c>byte</c>.</param>
    /// <param name="source">The stream's name in messages.</param>
    /// <param name="lanes">Lanes of the run.</param>
    /// <param name="horizon">Positions from an input to its target.</param>
    /// <param name="fraction">The share of the positions to hold out.</param>
    /// <param name="problems">Collects the problems.</param>
    public static StreamCut? TryCut(
        long positions, string noun, string source, int lanes, int horizon, double fraction, ProblemList problems)
    {
        long held = HoldOut.Share(fraction, positions);
        long training = positions - held;
        long targets = held - horizon;
        long row = (training - horizon) / lanes;
        string part = held == 0 ? $"in {source}" : $"of {source} to train on, the last {held} held out";
        if (training - horizon < lanes)
        {
            problems.Add(
                DataKeys.BatchSize, $"{lanes} with {Wording.Count(training, noun)} {part}",
                $"at least {Wording.Count((long)lanes + horizon, noun)}, which give each lane one target",
                "lower it, or add data");
        }
        else if (Math.Max(row, (targets / lanes) + 1) > int.MaxValue)
        {
            problems.Add(
                DataKeys.BatchSize, $"{lanes} with {Wording.Count(positions, noun)} in {source}",
                $"at most {int.MaxValue} {noun}s per lane", "raise it");
        }

        if (fraction > 0 && targets < 1)
        {
            problems.Add(
                DataKeys.ValidationFraction, $"{fraction}, which holds out {Wording.Count(held, noun)} of {positions}",
                $"at least {Wording.Count(horizon + 1L, noun)}, an input and its target", "raise it, add data, or leave it out");
        }

        if (!problems.IsEmpty)
            return null;
        return new(training, Even(0, row * lanes, lanes), fraction > 0 ? Even(training, targets, lanes) : null);
    }

    /// <summary>The borders of both parts, in the source's own word for a position.</summary>
    /// <param name="noun">The noun for a position: <c>row</c>, <c>byte</c>.</param>
    /// <param name="positions">Positions of the stream.</param>
    public (Border Training, Border? Validation) Borders(string noun, long positions)
    {
        return (Of(1, TrainingPositions), Validation is null ? null : Of(TrainingPositions + 1, positions));

        Border Of(long first, long last) =>
            new(FormattableString.Invariant($"{noun} {first:N0}"), FormattableString.Invariant($"{noun} {last:N0}"));
    }

    private static StreamRows Even(long first, long targets, int lanes)
    {
        int rows = (int)Math.Min(lanes, targets);
        (long length, long longer) = Math.DivRem(targets, rows);
        var starts = new long[rows];
        var lengths = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            starts[row] = first + (row * length) + Math.Min(row, longer);
            lengths[row] = checked((int)(length + (row < longer ? 1 : 0)));
        }

        return new(starts, lengths);
    }
}
