using System.Diagnostics;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Benchmarks.Gpu;

/// <summary>A network and a chunk of noise for it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Layers">Its layers.</param>
/// <param name="Lanes">Lanes of the chunk.</param>
/// <param name="Steps">Time steps of the chunk.</param>
/// <param name="Inputs">Values of a time step.</param>
/// <param name="Hidden">Units of a layer.</param>
/// <param name="Outputs">Targets of a time step.</param>
internal sealed record Work(RecurrentCell Cell, int Layers, int Lanes, int Steps, int Inputs, int Hidden, int Outputs)
{
    private const int Warmups = 3, Most = 50;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(3);

    /// <summary>Those whose bits are compared: the average example, and sizes with one and with many blocks along the units.</summary>
    public static IReadOnlyList<Work> Exact { get; } =
    [
        new(new LstmCell(), 1, 10, 10, 10, 20, 5), new(new LstmCell(), 1, 32, 16, 64, 128, 8), new(new GruCell(), 2, 32, 16, 64, 128, 8),
        new(new LstmCell(), 1, 64, 8, 64, 512, 8), new(new LstmCell(), 1, 32, 4, 64, 1024, 8), new(new RnnCell(), 1, 70, 8, 16, 33, 3),
    ];

    /// <summary>Those whose bits are compared in the emulator.</summary>
    public static IReadOnlyList<Work> ExactEmulated { get; } =
    [
        new(new LstmCell(), 1, 10, 10, 10, 20, 5), new(new LstmCell(), 1, 4, 3, 8, 128, 8), new(new GruCell(), 2, 5, 4, 8, 33, 3),
        new(new RnnCell(), 1, 70, 3, 4, 33, 3),
    ];

    /// <summary>Those that two trainers compute on one device.</summary>
    public static IReadOnlyList<Work> Shared { get; } =
    [
        new(new LstmCell(), 1, 10, 10, 10, 20, 5), new(new LstmCell(), 1, 32, 64, 64, 128, 8), new(new LstmCell(), 1, 64, 64, 64, 1024, 8),
    ];

    /// <summary>Those that are run in the emulator where only the way matters.</summary>
    public static IReadOnlyList<Work> TimedEmulated { get; } = [new(new LstmCell(), 1, 10, 10, 10, 20, 5)];

    /// <summary>Those whose products tensor cores compute in the emulator, on which times say nothing.</summary>
    public static IReadOnlyList<Work> PrecisionEmulated { get; } =
        [new(new LstmCell(), 1, 5, 4, 33, 40, 3), new(new GruCell(), 2, 5, 4, 33, 40, 34)];

    /// <summary>Those that are timed.</summary>
    public static IReadOnlyList<Work> Timed { get; } =
    [
        new(new LstmCell(), 1, 10, 10, 10, 20, 5),
        .. from hidden in new[] { 64, 128, 512, 1024 }
           from lanes in new[] { 32, 64, 256 }
           from steps in new[] { 64, 256 }
           select new Work(new LstmCell(), 1, lanes, steps, 64, hidden, 8),
    ];

    /// <summary>The model.</summary>
    public ModelSpec Model => new() { Cell = Cell, Layers = Layers, InputSize = Inputs, HiddenSize = Hidden, OutputSize = Outputs };

    /// <summary>Loss, hidden state and gradient of the chunk.</summary>
    /// <param name="replica">Computes them.</param>
    /// <param name="ahead">Whether the chunk is copied to the device ahead of its step.</param>
    public ChunkNumbers Compute(IReplica replica, bool ahead = false)
    {
        var (batch, parameters, before, after, gradient) = Buffers(replica);
        if (ahead && replica is IReadsAhead one)
            one.ReadAhead(batch);
        replica.LoadParameters(parameters);
        double loss = replica.ForwardBackward(batch, DropoutMasks.None, before, after, gradient);
        return new(loss, after, gradient);
    }

    /// <summary>How many numbers of loss, hidden state and gradient differ in a bit.</summary>
    /// <param name="expected">Has the bits that are wanted.</param>
    /// <param name="actual">The device's replica.</param>
    /// <param name="ahead">Whether the chunk is copied to the device ahead of its step.</param>
    public int Differences(IReplica expected, IReplica actual, bool ahead = false) =>
        Differences(Compute(expected), Compute(actual, ahead));

    /// <inheritdoc cref="Differences(IReplica, IReplica, bool)"/>
    public static int Differences(ChunkNumbers expected, ChunkNumbers actual)
    {
        int[] wanted = expected.Bits, found = actual.Bits;
        int differ = 0;
        for (int i = 0; i < wanted.Length; i++)
            differ += wanted[i] == found[i] ? 0 : 1;
        return differ;
    }

    /// <summary>Seconds of chunk-steps: parameters in, forward, backward, gradient out.</summary>
    public double[] Times(IReplica replica)
    {
        var (batch, parameters, before, after, gradient) = Buffers(replica);
        var times = new List<double>();

        // Other ones in each step, because those that a device has already are not copied again.
        float[] others = [.. parameters.Select(value => -value)];
        long began = Stopwatch.GetTimestamp();
        for (int round = 0; round < Warmups + Most && (times.Count < Warmups || Stopwatch.GetElapsedTime(began) < Enough); round++)
        {
            long start = Stopwatch.GetTimestamp();
            replica.LoadParameters(round % 2 == 0 ? parameters : others);
            replica.ForwardBackward(batch, DropoutMasks.None, before, after, gradient);
            if (round >= Warmups)
                times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return [.. times];
    }

    /// <summary>Chunk-steps of the whole chunk and of half of it, in turns.</summary>
    public void Repeat(IReplica replica, int count)
    {
        var (whole, parameters, before, after, gradient) = Buffers(replica);
        var half = (this with { Steps = Math.Max(1, Steps / 2) }).Buffers(replica).Batch;
        for (int step = 0; step < count; step++)
        {
            replica.LoadParameters(parameters);
            replica.ForwardBackward(step % 2 == 0 ? whole : half, DropoutMasks.None, before, after, gradient);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Cell.Word},{Layers},{Lanes},{Steps},{Inputs},{Hidden},{Outputs}";

    private (ChunkBatch Batch, float[] Parameters, float[] Before, float[] After, float[] Gradient) Buffers(IReplica replica)
    {
        var batch = new ChunkBatch(new(Inputs, 0, Outputs, 0));
        var noise = new Noise(this);
        batch.Load(noise, ChunkPlan.Create(noise, Lanes, ChunkSplit.OfLength(Steps)), 0, new(0, Lanes));
        float[] before = Noise.Numbers(1, Lanes * replica.Layout.HiddenPerLane), parameters = Noise.Numbers(2, replica.Layout.Length);

        // As PyTorch draws weights, so that gates do not saturate.
        float bound = 2 / MathF.Sqrt(Hidden);
        for (int i = 0; i < parameters.Length; i++)
            parameters[i] *= bound;
        return (batch, parameters, before, new float[before.Length], new float[parameters.Length]);
    }

    private sealed class Noise(Work work) : ISequenceSet
    {
        public int Count => work.Lanes;

        public int Length(int sequence) => work.Steps;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => Fill(3, slice, destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException("it has no tokens");

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => Fill(4, slice, destination);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException("it has no classes");

        public static float[] Numbers(ulong key, int count)
        {
            float[] numbers = new float[count];
            for (int i = 0; i < count; i++)
                numbers[i] = (float)(CounterRandom.Uniform(key, (ulong)i) - 0.5);
            return numbers;
        }

        private static void Fill(ulong key, SequenceSlice slice, Span<float> destination) =>
            Numbers(CounterRandom.Derive(key, (ulong)slice.Sequence), destination.Length).CopyTo(destination);
    }
}
