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

    /// <summary>
    /// The position behind the last input of the part that a sequence belongs to: of its own where it is a series, else of all rows.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    public long EndOf(int sequence)
    {
        int last = Series.Count == 0 ? Lengths.Count - 1 : sequence;
        return Starts[last] + Lengths[last];
    }

    /// <summary>The series of a sequence; 0 where all are parts of one stream.</summary>
    public int SeriesOf(int sequence) => Series.Count == 0 ? 0 : Series[sequence];
}

/// <summary>
/// The division of one long stream of <c>n</c> positions into sequences. A target lies <c>horizon</c> positions after its input.
/// <code>
/// |-------------- training part ---------------|------ validation part ------|-------- test part --------|
/// | row 0 | row 1 | … | row lanes-1 | dropped |h| row 0 | row 1 | … | row v  |h| row 0 | row 1 | … | row t |h|
/// </code>
/// Training rows are all equally long, floor((n - horizon) / lanes), so that no lane is ever idle; the few targets that
/// remain are dropped. Parts that are held out drop none: every target counts once. All their inputs lie after the training part, and so
/// their targets lie after every training target: no target that is held out was trained on.
/// </summary>
/// <param name="At">Where the parts begin.</param>
/// <param name="Training">One row for each lane.</param>
/// <param name="Validation">As even rows as can be, the first ones one longer; null when nothing is validated on.</param>
/// <param name="Test">The same of the test; null when nothing is tested on.</param>
internal sealed record StreamCut(PartBorders At, StreamRows Training, StreamRows? Validation, StreamRows? Test)
{
    /// <summary>Positions of the training part.</summary>
    public long TrainingPositions => At.Validation;

    /// <summary>Holds all of a stream out: no target is dropped. Null, with problems, where there is none.</summary>
    /// <param name="positions">Rows or bytes of the stream.</param>
    /// <param name="noun">The noun for a position: <c>row</c>, <c>byte</c>.</param>
    /// <param name="source">The stream's name in messages.</param>
    /// <param name="lanes">Lanes of the run.</param>
    /// <param name="horizon">Positions from an input to its target.</param>
    /// <param name="problems">Collects the problems.</param>
    public static StreamCut? TryHoldOut(long positions, string noun, string source, int lanes, int horizon, ProblemList problems)
    {
        if (positions > horizon)
            return new(new(0, positions, positions), new([], []), Even(0, positions - horizon, lanes), null);
        problems.Add(DataKeys.Source, $"{Wording.Count(positions, noun)} in {source}",
            $"at least {Wording.Count(horizon + 1L, noun)}, an input and its target", "add data");
        return null;
    }

    /// <summary>Cuts a stream by a spec; null, with problems, when that is not possible.</summary>
    /// <param name="positions">Rows or bytes of the stream.</param>
    /// <param name="noun">The noun for a position: <c>row</c>, <c>byte</c>.</param>
    /// <param name="source">The stream's name in messages.</param>
    /// <param name="data">Lanes, and what is held out.</param>
    /// <param name="horizon">Positions from an input to its target.</param>
    /// <param name="problems">Collects the problems.</param>
    /// <param name="before">The positions that lie before a part where its border is a time; null where positions have no times.</param>
    public static StreamCut? TryCut(
        long positions, string noun, string source, DataSpec data, int horizon, ProblemList problems,
        Func<HeldOutPart, long>? before = null)
    {
        HeldOut? validation = HeldOut.Of(data, HeldOutPart.Validation), test = HeldOut.Of(data, HeldOutPart.Test);
        CheckRow(validation);
        CheckRow(test);
        if (!problems.IsEmpty)
            return null;
        PartBorders at = PartBorders.Of(data, positions, before);
        if (at.Validation > at.Test)
        {
            problems.Add(validation!.Key, $"{validation.Found}, which is not before {test!.Key} {test.Found}", "an earlier border",
                "correct one of the two");
            return null;
        }

        if (at.Validation == 0 && (validation ?? test) is { } all)
        {
            all.AddLeavesNothing(noun, source, problems);
            return null;
        }

        CheckTraining(at, noun, source, data.BatchSize, horizon, problems);
        CheckHeldOut(validation, at.Validated);
        CheckHeldOut(test, at.Tested);
        if (!problems.IsEmpty)
            return null;
        long row = (at.Validation - horizon) / data.BatchSize;
        return new(
            at, Even(0, row * data.BatchSize, data.BatchSize),
            validation is null ? null : Even(at.Validation, at.Validated - horizon, data.BatchSize),
            test is null ? null : Even(at.Test, at.Tested - horizon, data.BatchSize));

        void CheckRow(HeldOut? held)
        {
            if (held is { Row: { } first } && (first < 2 || first > positions))
            {
                problems.Add(held.Key, $"{first} with {Wording.Count(positions, noun)} in {source}", $"2 to {positions}",
                    "correct it, or leave it out");
            }
        }

        void CheckHeldOut(HeldOut? held, long count)
        {
            if (held is not null && count <= horizon)
            {
                problems.Add(
                    held.Key, $"{held.Found}, which holds out {Wording.Count(count, noun)} of {positions}",
                    $"at least {Wording.Count(horizon + 1L, noun)}, an input and its target", "raise it, add data, or leave it out");
            }
        }
    }

    /// <summary>What a source says of the borders of the parts.</summary>
    /// <param name="noun">The noun for a position: <c>row</c>, <c>byte</c>.</param>
    public SourceDescription Describe(string noun) => new()
    {
        Training = PartBorders.Between(noun, 0, At.Validation),
        Validation = Validation is null ? null : PartBorders.Between(noun, At.Validation, At.Test),
        Test = Test is null ? null : PartBorders.Between(noun, At.Test, At.End),
    };

    private static void CheckTraining(PartBorders at, string noun, string source, int lanes, int horizon, ProblemList problems)
    {
        (long training, long held) = (at.Validation, at.End - at.Validation);
        string part = held == 0 ? $"in {source}" : $"of {source} to train on, the last {held} held out";
        if (training - horizon < lanes)
        {
            problems.Add(
                DataKeys.BatchSize, $"{lanes} with {Wording.Count(training, noun)} {part}",
                $"at least {Wording.Count((long)lanes + horizon, noun)}, which give each lane one target",
                "lower it, or add data");
        }
        else if (Math.Max((training - horizon) / lanes, ((Math.Max(at.Validated, at.Tested) - horizon) / lanes) + 1) > int.MaxValue)
        {
            problems.Add(
                DataKeys.BatchSize, $"{lanes} with {Wording.Count(at.End, noun)} in {source}",
                $"at most {int.MaxValue} {noun}s per lane", "raise it");
        }
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
