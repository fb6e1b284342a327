using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>
/// Holds a device to the CPU's bits: a chunk of each of four small networks, some of sizes that need several blocks, forward and backward,
/// command by command and replayed. A driver or a device that rounds otherwise is refused before it can change a model. Tensor cores are
/// held to float32's numbers within <see cref="TensorCores.Tolerance"/>, and to the same bits each time.
/// </summary>
internal static class SelfCheck
{
    private const int Lanes = 9, Steps = 6, Inputs = 3, Vocabulary = 7, Classes = 5;

    // Sides of weights for tensor cores, none of which is a multiple of a tile's.
    private const int Vector = 33, ManyClasses = 37, Units = 41;

    /// <summary>Compares a device with the CPU.</summary>
    /// <param name="device">The device.</param>
    /// <param name="precision">What factors of large products are rounded to.</param>
    /// <exception cref="EngineUnavailableException">They differ.</exception>
    public static void Run(IAccelerator device, PrecisionKind precision = PrecisionKind.Full)
    {
        if (TensorCores.Of(precision) is { } cores)
        {
            Run(device, cores);
            return;
        }

        // Of several blocks along the units, which wait for each other, and of one, with which the layers run as a wave.
        foreach (var (cell, units) in ((RecurrentCell, int)[])[(new LstmCell(), 72), (new GruCell(), 72), (new RnnCell(), 24)])
            Run(device, ModelOf(cell, units), new SquaredError(), new(Inputs, 0, 1, 0));
        var ofTokens = ModelOf(new GruCell { ResetAfter = false }, 24) with
        {
            Embedding = new() { Vocabulary = Vocabulary, Size = Inputs }, LayerNorm = true, OutputSize = Classes,
        };
        Run(device, ofTokens, new CrossEntropy { LabelSmoothing = 0.1 }, new(0, Vocabulary, 0, Classes));
    }

    private static void Run(IAccelerator device, TensorCores cores)
    {
        foreach (var (cell, units) in ((RecurrentCell, int)[])[(new LstmCell(), 72), (new GruCell(), 72), (new RnnCell(), Units)])
            Run(device, cores, ModelOf(cell, units), new SquaredError(), new(Inputs, 0, 1, 0));
        var ofTokens = ModelOf(new GruCell { ResetAfter = false }, Units) with
        {
            Embedding = new() { Vocabulary = Vocabulary, Size = Vector }, InputSize = Vector, OutputSize = ManyClasses,
        };
        Run(device, cores, ofTokens, new CrossEntropy(), new(0, Vocabulary, 0, ManyClasses));
    }

    private static void Run(IAccelerator device, TensorCores cores, ModelSpec model, LossSpec loss, DataShape shape)
    {
        using var expected = new FusedReplica(model, loss);
        using var actual = new GpuReplica(device, model, loss, partSteps: 2, cores: cores);
        var wanted = Compute(expected, shape);
        var found = Compute(actual, shape);
        var far = found.FarthestFrom(wanted);
        if (!(far.Distance <= cores.Tolerance))
        {
            throw Refusal(
                device, cores, string.Create(
                    CultureInfo.InvariantCulture,
                    $"the {far.What} of a small {model.Cell.Word} differs from float32's by {far.Distance:e1} of its norm, expected "
                    + $"{cores.Tolerance:e1} at most"));
        }

        for (int round = 0; round < 2; round++)
        {
            int differ = Differences(found.Bits, Compute(actual, shape).Bits);
            if (differ > 0)
                throw Refusal(device, cores, $"{differ} numbers of a small {model.Cell.Word} differ when they are computed again");
        }
    }

    private static EngineUnavailableException Refusal(IAccelerator device, TensorCores cores, string found) => new(
        $"{device.Device} does not compute products in {TrainSpec.WordOf(cores.Precision)} as it should: {found}; update NVIDIA's driver, "
        + "or write precision: float32");

    private static ModelSpec ModelOf(RecurrentCell cell, int units) =>
        new() { Cell = cell, InputSize = Inputs, HiddenSize = units, Layers = 2, OutputSize = 1, Dropout = 0.25 };

    private static void Run(IAccelerator device, ModelSpec model, LossSpec loss, DataShape shape)
    {
        using var expected = new FusedReplica(model, loss);
        using var actual = new GpuReplica(device, model, loss, partSteps: 2);
        int[] wanted = Compute(expected, shape).Bits;
        int differ = 0;

        // The second time the commands are written down as a graph, from then on that is launched.
        for (int round = 0; round < 3 && differ == 0; round++)
        {
            differ += Differences(wanted, Compute(actual, shape).Bits);
        }

        if (differ > 0)
        {
            throw new EngineUnavailableException(
                $"{device.Device} does not compute what the CPU does: of {wanted.Length} numbers of a small {model.Cell.Word} {differ} "
                + "differ; update NVIDIA's driver, or write device: cpu");
        }
    }

    private static int Differences(int[] wanted, int[] found)
    {
        int differ = 0;
        for (int i = 0; i < wanted.Length; i++)
            differ += wanted[i] == found[i] ? 0 : 1;
        return differ;
    }

    /// <summary>Loss, hidden state and gradient of a chunk.</summary>
    private static ChunkNumbers Compute(IReplica replica, DataShape shape)
    {
        var batch = new ChunkBatch(shape);
        var sequences = new Waves();
        batch.Load(sequences, ChunkPlan.Create(sequences, Lanes, ChunkSplit.OfLength(Steps)), 0, new(0, Lanes));
        float[] before = Numbers(1, Lanes * replica.Layout.HiddenPerLane), after = new float[before.Length];
        float[] gradient = new float[replica.Layout.Length];
        replica.LoadParameters(Numbers(2, gradient.Length));
        double loss = replica.ForwardBackward(batch, new(3, 0, 0, new DropoutSpec { Between = 0.25 }), before, after, gradient);
        return new(loss, after, gradient);
    }

    private static float[] Numbers(ulong key, int count)
    {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
            numbers[i] = (float)(CounterRandom.Uniform(key, (ulong)i) - 0.5);
        return numbers;
    }

    /// <summary>Sequences of unlike length, of numbers that are hashes.</summary>
    private sealed class Waves : ISequenceSet
    {
        public int Count => Lanes;

        public int Length(int sequence) => Steps - (sequence % 3);

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => Fill(4, slice, destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => Fill(6, Vocabulary, slice, destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => Fill(5, slice, destination);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => Fill(7, Classes, slice, destination);

        private static void Fill(ulong key, SequenceSlice slice, Span<float> destination) =>
            Numbers(CounterRandom.Derive(key, (ulong)slice.Sequence), destination.Length).CopyTo(destination);

        private static void Fill(ulong key, int below, SequenceSlice slice, Span<long> destination)
        {
            for (int i = 0; i < destination.Length; i++)
                destination[i] = (long)(CounterRandom.Uniform(CounterRandom.Derive(key, (ulong)slice.Sequence), (ulong)i) * below);
        }
    }
}
