using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// How much of the gradient comes from how far back: the loss of a sequence's last chunk is backpropagated chunk by chunk, beyond where
/// training stops, and the gradient is taken apart by the chunks that its terms belong to: the last one, the one before, the two before
/// those, four, eight, …
/// <code>
/// chunks    … | 7 6 5 4 | 3 2 | 1 | 0 |     0: where the loss is
/// parts          from 4   from 2  from 1  from 0 chunks back
/// </code>
/// A part's share is its norm over the sum of all parts' norms, norms over sequences being the root of the sum of squares.
/// </summary>
/// <remarks>Over the first sequences of training and their last time steps, with the parameters as they are, without dropout.</remarks>
public static class GradientLags
{
    /// <summary>Sequences that are looked at.</summary>
    public const int Sequences = 8;

    /// <summary>Time steps of each that are looked at; two chunks at least.</summary>
    public const int TimeSteps = 4096;

    /// <summary>The metric that says which share comes from further back than the run's gradients reach.</summary>
    public const string CutOff = "gradient cut off";

    private const string From = "gradient from ";

    /// <summary>Whether it is measured after an epoch.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    public static bool IsDue(RunSpec spec, int epoch)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.Metrics.GradientLag > 0 && (epoch + 1) % spec.Metrics.GradientLag == 0;
    }

    /// <summary>Measures it; shares by the least number of chunks back, none where no gradient is.</summary>
    /// <param name="spec">The run's spec, every size known, of a cell and a loss of the fused engine.</param>
    /// <param name="data">Its data.</param>
    /// <param name="parameters">The parameters.</param>
    public static IReadOnlyList<Metric> Of(RunSpec spec, IDataSource data, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(data);
        using var replica = new FusedReplica(spec.Model, spec.Train.Loss);
        replica.LoadParameters(parameters);
        var sweep = new LagSweep(replica, spec.Train.Loss, data, InitialState.Of(replica.Layout, parameters));
        var squares = new List<double>();
        for (int sequence = 0; sequence < Math.Min(Sequences, data.Training.Count); sequence++)
        {
            int length = data.Training.Length(sequence);
            sweep.Add(sequence, length, ChunkOf(spec, length), squares);
        }

        return SharesOf(spec, squares);
    }

    private static int ChunkOf(RunSpec spec, int length) =>
        spec.Tbptt.ChunkLength ?? ChunkSplit.OfCount(spec.Tbptt.ChunkCount!.Value).Chunk(length, 0).Length;

    private static IReadOnlyList<Metric> SharesOf(RunSpec spec, List<double> squares)
    {
        double[] norms = [.. squares.Select(Math.Sqrt)];
        double sum = norms.Sum();
        return sum > 0 && double.IsFinite(sum)
            ? [.. norms.Select((norm, part) => new Metric(Name(part), norm / sum, "")), .. Beyond(spec.Tbptt, norms, sum)] : [];
    }

    /// <summary>Measures it of one sequence, for the loss of the chunk that ends at a time step.</summary>
    /// <param name="spec">The run's spec, every size known, of a cell and a loss of the fused engine.</param>
    /// <param name="data">Its data.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="end">The time step behind the chunk's last one.</param>
    public static IReadOnlyList<Metric> At(RunSpec spec, IDataSource data, ReadOnlySpan<float> parameters, int sequence, int end)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(data);
        using var replica = new FusedReplica(spec.Model, spec.Train.Loss);
        replica.LoadParameters(parameters);
        var squares = new List<double>();
        new LagSweep(replica, spec.Train.Loss, data, InitialState.Of(replica.Layout, parameters))
            .Add(sequence, end, ChunkOf(spec, data.Training.Length(sequence)), squares);
        return SharesOf(spec, squares);
    }

    /// <summary>Whether a metric is one of these.</summary>
    public static bool IsOne(Metric metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return metric.Name == CutOff || metric.Name.StartsWith(From, StringComparison.Ordinal);
    }

    /// <summary>The share of the parts that begin where the run's gradients end; nothing where they end nowhere.</summary>
    private static IEnumerable<Metric> Beyond(TbpttSpec tbptt, double[] norms, double sum) => tbptt.Backprop.IsFull ? []
        : [new(CutOff, norms.Where((_, part) => First(part) >= tbptt.WindowChunks).Sum() / sum, "")];

    private static string Name(int part) => part == 0 ? $"{From}its own chunk"
        : $"{From}{First(part)}{(part > 1 ? $" to {(2 * First(part)) - 1}" : "")} chunk{(part > 1 ? "s" : "")} back";

    /// <summary>The least number of chunks back of a part: 0, 1, 2, 4, 8, …</summary>
    private static int First(int part) => part == 0 ? 0 : 1 << (part - 1);

    /// <summary>Runs one sequence at a time.</summary>
    private sealed class LagSweep(FusedReplica replica, LossSpec loss, IDataSource data, float[] initial)
    {
        private readonly ChunkBatch _batch = new(data.Shape);
        private readonly float[] _gradient = new float[replica.Layout.Length];
        private float[] _whole = new float[replica.Layout.Length];
        private float[] _before = new float[replica.Layout.Length];
        private readonly float[] _stateGradient = new float[replica.Layout.HiddenPerLane];

        public void Add(int sequence, int length, int chunk, List<double> squares)
        {
            int last = (length - 1) / chunk;
            while (last > 0 && !HasTargets(sequence, last))
                last--;
            int first = Math.Max(0, last + 1 - Math.Max(2, TimeSteps / chunk));
            List<float[]> states = [initial];
            for (int at = first; at < last; at++)
            {
                Load(at);
                states.Add([.. states[^1]]);
                replica.ForwardPiece(_batch, DropoutMasks.None, states[^2], states[^1]);
            }

            Array.Clear(_stateGradient);
            Array.Clear(_before);
            replica.BeginBackward((long)(last + 1 - first) * chunk, _gradient);
            double sum = 0, weight = 0;
            for (int at = last, part = 0; at >= first; at--)
            {
                Load(at);
                replica.BackwardPiece(
                    _batch, DropoutMasks.None, states[at - first], default, _stateGradient, _gradient, ref sum, ref weight);
                if (at > first && last - at + 1 < First(part + 1))
                    continue;
                _gradient.CopyTo(_whole, 0);
                replica.EndBackward(_whole);
                if (squares.Count == part)
                    squares.Add(0);
                squares[part++] += Squares();
                (_whole, _before) = (_before, _whole);
            }

            bool HasTargets(int of, int at)
            {
                _batch.LoadOne(data.Training, Chunk(of, at, counts: true));
                return Loss.WeightOf(loss, _batch) > 0;
            }

            void Load(int at) => _batch.LoadOne(data.Training, Chunk(sequence, at, counts: at == last));

            LaneChunk Chunk(int of, int at, bool counts)
            {
                int steps = Math.Min(chunk, length - (at * chunk));
                return new(of, at * chunk, steps, Reset: at == 0, Uncounted: counts ? 0 : steps);
            }
        }

        /// <summary>The squares of what has come to the gradient since the last part.</summary>
        private double Squares()
        {
            var sum = default(FixedSum);
            System.Numerics.Tensors.TensorPrimitives.Subtract(_whole, _before, _before);
            sum.AddSquares(_before);
            return sum.Value;
        }
    }
}
