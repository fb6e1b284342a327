using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Extending;

/// <summary>
/// What is trained on of data that grew, and from which hidden state.
/// <code>
/// one stream, of which the parent had 3 lanes      series, each with a lane of its own
/// | lane 0 | lane 1 | lane 2 |── new part ──|      series 0 |── parent ──|─ new ─|
///          state of lane 2 ──▶ one lane            series 1 |── parent ──|─ new ─|    state of lane 1 ──▶ lane 1
/// </code>
/// With chunks that are replayed it begins so many chunks earlier, and with hidden state zero, because nobody knows the state there.
/// </summary>
/// <param name="Sequences">The parts of sequences.</param>
/// <param name="Lanes">
/// For each lane from 0 on the parent's lane whose hidden state it begins with; -1, and for lanes behind the last one, zero.
/// </param>
/// <param name="Before">The time steps of one stream before what is trained on; null for series.</param>
/// <param name="Text">The same in words.</param>
/// <param name="Missing">Of a run that follows its file, how many more rows the next step needs at least.</param>
internal sealed record Tails(
    IReadOnlyList<SequenceTail> Sequences, IReadOnlyList<int> Lanes, long? Before, string Text, int Missing = 0)
{
    private const string Replay = "extends.replay";

    /// <summary>Of a run that follows a file of several series, how far each is trained on, by their lanes; null for others.</summary>
    public IReadOnlyList<FollowedSeries>? Followed { get; private init; }

    /// <summary>Finds them.</summary>
    /// <param name="spec">The run's spec.</param>
    /// <param name="parent">The parent.</param>
    /// <param name="grown">All of the data.</param>
    /// <param name="problems">Collects why there is nothing to train on, or nothing known to begin with.</param>
    public static Tails Of(RunSpec spec, ParentRun parent, GrownSource grown, ProblemList problems) => spec.Data.IsStream
        ? OfStream(spec, parent, grown.Data.Training, problems)
        : grown.Data.Training is IArrivedSequences { Arrived: { } arrived } sequences ? OfFollowed(spec, parent, grown, sequences, arrived)
        : OfSeries(spec, parent, grown, problems);

    private static Tails OfStream(RunSpec spec, ParentRun parent, ISequenceSet all, ProblemList problems)
    {
        var (read, replay, lanes) = (parent.Read.Training, spec.Extends!.Replay, spec.Data.BatchSize);
        long trained = (read.Before ?? 0) + read.Steps, steps = TailSet.Starts(all)[^1] + all.Length(all.Count - 1);
        long chunk = spec.Tbptt.ChunkLength!.Value;
        bool follows = spec.Extends.Follow;
        if (follows ? steps < trained : steps <= trained)
        {
            AddNothingNew(
                $"{Wording.Count(steps, "time step")} to train on", $"more than {trained}, on which the parent was trained", problems);
        }

        long first = replay == 0 ? trained : Math.Max(0, trained - (replay * chunk));

        // The rows of all lanes are as long, and end where the data end: what is left over is dropped from what was trained on before.
        long row = Math.Max(0, steps - first) / lanes;
        if (row == 0 && problems.IsEmpty && !follows)
        {
            problems.Add(DataKeys.BatchSize, $"{lanes} with {Wording.Count(steps - first, "time step")} to train on",
                $"at most {steps - first}, which give each lane one", "lower it, or raise extends.replay");
        }

        if (row > int.MaxValue)
            problems.Add(DataKeys.BatchSize, $"{lanes} with {steps - first} time steps", $"at most {int.MaxValue} a lane", "raise it");
        problems.ThrowIfAny();

        // Of rows that are still to come nobody knows: what is not a whole chunk yet waits for them.
        int waiting = follows ? (int)(row % chunk) : 0;
        row -= waiting;
        first = steps - waiting - (row * lanes);
        SequenceTail[] sequences =
            [.. Enumerable.Range(0, lanes).Select(lane => new SequenceTail(first + (lane * row), (int)row, Continues: replay == 0))];
        long rest = replay == 0 && parent.Spec.Data.BatchSize == 1 && spec.Tbptt == parent.Spec.Tbptt ? trained % chunk : 0;
        string text = FormattableString.Invariant($"trained on from time step {first + 1:N0} on; the parent was trained on {trained:N0}")
            + (rest == 0 ? "" : $", whose last chunk has {rest} of {chunk}: in one run over all data chunks have other borders");
        return new(
            sequences, replay == 0 ? [parent.Spec.Data.BatchSize - 1] : [], first, text, follows ? (int)(chunk - waiting) : 0);
    }

    private static Tails OfSeries(RunSpec spec, ParentRun parent, GrownSource grown, ProblemList problems)
    {
        var (all, replay, chunk) = (grown.Data.Training, spec.Extends!.Replay, spec.Tbptt.ChunkLength!.Value);
        long[] starts = TailSet.Starts(all);
        var trained = grown.Trained.Index().ToDictionary(one => one.Item.Name, one => (one.Index, one.Item.Steps));
        var tails = new List<(SequenceTail Tail, int Lane)>();
        for (int sequence = 0; sequence < all.Count; sequence++)
        {
            var (lane, before) = trained.TryGetValue(all.SeriesOf(sequence) ?? "", out var known) ? known : (-1, 0);
            if (all.Length(sequence) <= before)
                continue;
            int first = replay == 0 ? before : (int)Math.Max(0, before - ((long)replay * chunk));
            tails.Add((new(starts[sequence] + first, all.Length(sequence) - first, Continues: replay == 0 && lane >= 0), lane));
        }

        int continued = tails.Count(one => one.Lane >= 0), added = tails.Count - continued;
        if (tails.Count == 0)
            AddNothingNew("no series with a time step to train on", "one behind those on which the parent was trained", problems);
        else if (replay == 0 && continued > 0)
            CheckStates(spec, parent, grown.Trained.Count, continued, problems);
        problems.ThrowIfAny();
        if (tails.Count > spec.Data.BatchSize)
            tails = [.. tails.Where(one => one.Tail.Continues), .. tails.Where(one => !one.Tail.Continues)];
        string text = $"{continued} of the parent's {grown.Trained.Count} series continued"
            + (added == 0 ? "" : $", {added} new");
        return new(
            [.. tails.Select(one => one.Tail)],
            [.. tails.Take(spec.Data.BatchSize).Select(one => one.Tail.Continues ? one.Lane : -1)], null, text);
    }

    /// <summary>Series that are followed, each in the lane of its number; lanes behind them wait for series to come.</summary>
    private static Tails OfFollowed(
        RunSpec spec, ParentRun parent, GrownSource grown, IArrivedSequences sequences, ArrivedSteps arrived)
    {
        ISequenceSet all = grown.Data.Training;
        long[] starts = TailSet.Starts(all);
        var numbers = Enumerable.Range(0, all.Count).ToDictionary(number => all.SeriesOf(number)!);
        var trained = grown.Trained.Index().ToDictionary(one => one.Item.Name, one => (one.Index, one.Item.Steps));
        bool haveStates = parent.Read.Followed is not null || HaveStates(parent, grown.Trained.Count);
        int lanes = spec.Data.BatchSize;
        var (tails, from, followed) = (new SequenceTail[lanes], new int[lanes], new List<FollowedSeries>());
        for (int lane = 0; lane < lanes; lane++)
        {
            from[lane] = -1;
            if (lane >= sequences.SeriesNames.Count)
                continue;
            string name = sequences.SeriesNames[lane];
            var (before, first) = trained.TryGetValue(name, out var known) ? known : (-1, 0);
            int steps = arrived.Lanes[lane].Count * spec.Tbptt.ChunkLength!.Value;
            followed.Add(new(name, first + steps));
            from[lane] = haveStates ? before : -1;
            if (numbers.TryGetValue(name, out int sequence))
                tails[lane] = new(starts[sequence] + first, steps, Continues: from[lane] >= 0);
        }

        int continued = from.Count(lane => lane >= 0), zero = followed.Count - continued, free = lanes - followed.Count;
        string text = $"{continued} series continued"
            + (zero == 0 ? "" : $", {zero} from hidden state zero{(haveStates ? ", because they are new" : "")}")
            + (haveStates ? "" : ", because the parent's lanes do not have the states of its series")
            + (free == 0 ? "" : $"; {Wording.Count(free, "lane")} for series to come");
        return new(tails, from, null, text, sequences.MissingRows) { Followed = followed };
    }

    /// <summary>Refuses series whose hidden state at their end is in no lane of the parent's, or more of them than lanes.</summary>
    private static void CheckStates(RunSpec spec, ParentRun parent, int series, int continued, ProblemList problems)
    {
        const string Otherwise = "write extends.replay: 1 or more, with which each series begins at hidden state zero";
        var (read, lanes) = (parent.Read.Training, parent.Spec.Data.BatchSize);
        if (parent.Read.Followed is null && !HaveStates(parent, series))
        {
            problems.Add(
                Replay, $"0 with a parent that had {Wording.Count(lanes, "lane")} for {series} series, {read.Shortest} to {read.Longest} "
                + $"time steps long{(read.Sequences == series ? "" : $", of which {read.Sequences} grew")}"
                + (parent.Spec.Data.Shuffle ? ", shuffled" : ""),
                "a lane for each series in the parent, and as many chunks in each: a lane keeps the state of its last series alone, and "
                + "none while it is idle", Otherwise);
        }
        else if (continued > spec.Data.BatchSize)
        {
            problems.Add(
                DataKeys.BatchSize, $"{spec.Data.BatchSize} with {continued} series that continue",
                $"at least {continued}, a lane for each", $"raise it, or {Otherwise}");
        }
    }

    /// <summary>Whether each lane of the parent has the state at the end of the series of its number.</summary>
    private static bool HaveStates(ParentRun parent, int series)
    {
        var (read, lanes, split) = (parent.Read.Training, parent.Spec.Data.BatchSize, ChunkSplit.Of(parent.Spec.Tbptt));
        bool isRandom = parent.Spec.Tbptt.RandomLength is not null && read.Shortest != read.Longest;
        return !parent.Spec.Data.Shuffle && !isRandom && series == lanes && read.Sequences == lanes
            && split.Chunks(read.Shortest) == split.Chunks(read.Longest);
    }

    private static void AddNothingNew(string found, string expected, ProblemList problems) => problems.Add(
        DataKeys.Source, found, expected, "add data; hold out less, or from a later border on, where new rows are held out");
}
