using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Explaining;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>Computes a step of two runs lane by lane, from the states before it, and finds the lanes that are unlike.</summary>
internal static class StepComparison
{
    /// <summary>Those of a step that is no round of local steps.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="stateA">Its state before the step.</param>
    /// <param name="b">The second run.</param>
    /// <param name="stateB">Its state before the step.</param>
    /// <param name="at">The step's chunk.</param>
    public static IReadOnlyList<UnlikeLane> Lanes(
        RunReplay a, TrainingState stateA, RunReplay b, TrainingState stateB, StepPosition at)
    {
        using StepProbe probeA = new(a.TrainedSpec, a.Data), probeB = new(b.TrainedSpec, b.Data);
        var found = new List<UnlikeLane>();
        for (int lane = 0; lane < a.Spec.Data.BatchSize; lane++)
        {
            var (chunkA, chunkB) = (probeA.ChunkOf(at, lane), probeB.ChunkOf(at, lane));
            var values = ChunkValues.Compare(a.Data, chunkA, b.Data, chunkB);
            var (one, other) = (probeA.Run(stateA, at, lane), probeB.Run(stateB, at, lane));
            var gradient = StateComparison.OfParameters("gradient", stateA.Layout, probeA.Gradient, stateB.Layout, probeB.Gradient);
            if (values is not null || gradient.Count > 0 || !one.Equals(other))
                found.Add(new(lane, Part(a, chunkA, one), Part(b, chunkB, other), values, gradient));
        }

        return found;
    }

    private static LanePart Part(RunReplay run, LaneChunk chunk, ShardLoss loss)
    {
        var own = chunk.From(chunk.Uncounted);
        return new(
            chunk, own.IsIdle ? null : run.Data.Training.RowsOf(new(own.Sequence, own.Start, own.Length)), loss.LossSum, loss.Weight);
    }
}

/// <summary>Compares what lanes are trained on, value by value.</summary>
internal static class ChunkValues
{
    /// <summary>How the chunks of a lane differ; null where every value is the same.</summary>
    public static UnlikeValues? Compare(IDataSource a, LaneChunk one, IDataSource b, LaneChunk other)
    {
        if (one != other || a.Shape != b.Shape)
            return new("place", 0, Show(one), Show(other), one.Start, null, Math.Max(one.Length, other.Length));
        if (one.IsIdle)
            return null;
        var (slice, shape) = (new SequenceSlice(one.Sequence, one.Start, one.Length), a.Shape);
        var found = new List<(int Step, string What, int Column, string A, string B)>();
        if (shape.InputFeatures > 0)
            Find<float>(found, "input", slice, shape.InputFeatures, a.Training.ReadInputs, b.Training.ReadInputs);
        if (shape.Codes > 0)
            Find<long>(found, "input", slice, shape.Codes, a.Training.ReadInputs, b.Training.ReadInputs, shape.InputFeatures);
        if (shape.HasClasses)
            Find<long>(found, "target", slice, 1, a.Training.ReadTargets, b.Training.ReadTargets);
        else
            Find<float>(found, "target", slice, shape.TargetFeatures, a.Training.ReadTargets, b.Training.ReadTargets);
        if (found.Count == 0)
            return null;
        var first = found.OrderBy(value => value.Step).First();
        int step = one.Start + first.Step;
        return new(
            first.What, first.Column, first.A, first.B, step, a.Training.RowsOf(new(one.Sequence, step, 1)),
            found.Select(value => value.Step).Distinct().Count());
    }

    private delegate void Read<T>(SequenceSlice slice, Span<T> destination);

    private static void Find<T>(
        List<(int, string, int, string, string)> found, string what, SequenceSlice slice, int width, Read<T> readA, Read<T> readB,
        int firstColumn = 0) where T : unmanaged, IEquatable<T>, IFormattable
    {
        T[] a = new T[slice.Length * width], b = new T[slice.Length * width];
        readA(slice, a);
        readB(slice, b);
        for (int i = 0; i < a.Length; i++)
        {
            if (!a[i].Equals(b[i]))
                found.Add((i / width, what, firstColumn + (i % width), Exact(a[i]), Exact(b[i])));
        }
    }

    private static string Exact<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Show(LaneChunk chunk) => chunk.IsIdle ? "nothing"
        : $"sequence {chunk.Sequence + 1}, time steps {chunk.Start + 1} to {chunk.Start + chunk.Length}";
}
