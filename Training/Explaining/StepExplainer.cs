using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Training.Explaining;

/// <summary>How closely a step is looked at.</summary>
/// <param name="Around">Steps before it, and steps behind it, that it is compared with.</param>
/// <param name="Closely">Lanes whose chunks are taken apart.</param>
/// <param name="Pieces">Parts that such a chunk is taken apart into, at most.</param>
public sealed record ExplainOptions(int Around = 5, int Closely = 2, int Pieces = 8);

/// <summary>
/// Finds what is behind a step of a run: computes the state before it again, and its chunk lane by lane, as the steps around it.
/// </summary>
public static class StepExplainer
{
    /// <summary>Explains a step.</summary>
    /// <param name="replay">The run.</param>
    /// <param name="step">The step, from 1; also the one with which the run diverged.</param>
    /// <param name="last">The last step that the run has made.</param>
    /// <param name="options">How closely.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <exception cref="ReplayException">There is no such step, or it cannot be computed; says why.</exception>
    public static StepExplanation Explain(
        RunReplay replay, long step, long last, ExplainOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(replay);
        options ??= new();
        var spec = replay.Spec;
        EnsureExplainable(replay.Run.Id, spec);
        using var probe = new StepProbe(spec, replay.Data);
        var figures = new SortedDictionary<long, StepFigures>();
        var closely = new Dictionary<int, IReadOnlyList<PieceFigures>>();
        IReadOnlyList<Metric> lags = [];
        long end = Math.Max(step, Math.Min(step + options.Around, last));
        for (long at = Math.Max(replay.FirstStep + 1, step - options.Around); at <= end; at++)
        {
            replay.To(at - 1, EpochEnd.After, cancellation: cancellation);
            if (replay.Next.Epoch >= spec.Train.Epochs)
                break;
            figures[at] = probe.Of(replay.State, replay.Next, withShares: at == step);
            if (at != step)
                continue;
            var worst = Worst(figures[at].Lanes).ToList();
            foreach (var lane in probe.HasPieces ? worst.Take(options.Closely) : [])
                closely[lane.Lane] = probe.Pieces(replay.State, figures[at], lane, options.Pieces);
            lags = Lags(replay, worst);
        }

        if (!figures.TryGetValue(step, out var own))
        {
            throw new ReplayException(
                $"step: found {step}, expected one that run {replay.Run.Id} has made, {replay.FirstStep + 1} to {last}");
        }

        StepFigures[] around = [.. figures.Values.Where(one => one.Step != step)];
        return new(
            step, own.At.Epoch + 1, own.Loss, own.GradientNorm, [.. around.Select(one => one.Step)],
            Median(around.Select(one => one.Loss)), Median(around.Select(one => one.GradientNorm)),
            [.. Worst(own.Lanes).Select(lane => Explain(replay, lane, around, closely.GetValueOrDefault(lane.Lane, [])))], lags);
    }

    /// <summary>Refuses a run whose steps cannot be taken apart, which its spec says.</summary>
    /// <param name="run">The run.</param>
    /// <param name="spec">Its spec.</param>
    /// <exception cref="ReplayException">It is one; says why.</exception>
    public static void EnsureExplainable(RunId run, RunSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Train.IsLocal)
        {
            throw new ReplayException($"run {run}: found train.sync.mode local, expected every: within a round each shard has "
                + "parameters of its own, and there is no gradient of all of them that could be taken apart");
        }
    }

    private static LaneExplanation Explain(
        RunReplay replay, LaneFigures lane, IReadOnlyList<StepFigures> around, IReadOnlyList<PieceFigures> pieces)
    {
        LaneFigures[] usual = [.. around.SelectMany(one => one.Lanes).Where(one => one.Lane == lane.Lane)];
        var (chunk, set) = (lane.Chunk, replay.Data.Training);

        // What comes before the chunk in its window was trained on before.
        var own = new SequenceSlice(chunk.Sequence, chunk.Start + chunk.Uncounted, chunk.Length - chunk.Uncounted);
        return new(
            lane, Median(usual.Select(one => one.Loss)), Median(usual.Select(one => one.GradientNorm)), set.RowsOf(own), Times(set, own),
            [.. pieces.Select(piece => Explain(set, chunk.Sequence, piece))]);
    }

    private static PieceExplanation Explain(ISequenceSet set, int sequence, PieceFigures piece)
    {
        var slice = new SequenceSlice(sequence, piece.Start, piece.Length);
        return new(piece, set.RowsOf(slice), Times(set, slice));
    }

    private static (string, string)? Times(ISequenceSet set, SequenceSlice slice) => set.Times is { } times && slice.Length > 0
        ? (times.Show(times.InstantOf(slice.Sequence, slice.Start)),
            times.Show(times.InstantOf(slice.Sequence, slice.Start + slice.Length - 1)))
        : null;

    private static IReadOnlyList<Metric> Lags(RunReplay replay, IReadOnlyList<LaneFigures> worst)
    {
        bool canMeasure = !replay.Spec.Tbptt.Backprop.IsFull && !replay.Spec.Model.Bidirectional
            && replay.Spec.Tbptt.RandomLength is null && replay.Spec.Train.Loss.BlankClass is null && replay.Spec.Train.Loss.CountsElements;
        return canMeasure && worst is [{ Chunk: { } chunk, Weight: > 0 }, ..]
            ? GradientLags.At(
                replay.Spec, replay.Data, replay.State.Parameters, chunk.Sequence, chunk.Start + chunk.Length)
            : [];
    }

    private static IEnumerable<LaneFigures> Worst(IEnumerable<LaneFigures> lanes) => lanes
        .OrderByDescending(lane => !double.IsFinite(lane.GradientNorm) || (lane.Weight > 0 && !double.IsFinite(lane.Loss)))
        .ThenByDescending(lane => double.IsNaN(lane.Share) ? lane.GradientNorm : lane.Share).ThenBy(lane => lane.Lane);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
