using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Golden;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>
/// Networks whose products tensor cores compute, emulated, against float32: chunks and whole runs within
/// <see cref="TensorCores.Tolerance"/> (8 roundoffs: 0.0039 in TF32, 0.031 in bfloat16), not with float32's bits, and with the same bits
/// each time.
/// </summary>
public sealed class TensorNetworkTests
{
    private static readonly PrecisionKind[] Precisions = [PrecisionKind.Tf32, PrecisionKind.Bfloat16];

    // Chunk 0: 4, 6, 2, 6 time steps and an idle lane.
    private static readonly int[] Lengths = [4, 7, 2, 11];

    public static MatrixTheoryData<PrecisionKind, NetworkKind> Kinds { get; } = new(
        Precisions,
        [
            .. from cell in (string[])["lstm", "gru", "rnn"]
               from layers in new[] { 1, 3 }
               from tokens in new[] { false, true }
               select new NetworkKind(cell, layers, tokens, tokens, layers == 1 ? 0 : 0.3),
            new NetworkKind("{name: gru, resetAfter: false}", 2, Tokens: false, Classes: false, 0.3, Columns: 2),
            new NetworkKind("{name: lstm, projectionSize: 2}", 2, Tokens: true, Classes: true, 0),
        ]);

    public static MatrixTheoryData<PrecisionKind, string> Cases { get; } =
        new(Precisions, [.. GpuGoldenTests.Cases.Select(row => row.Data)]);

    /// <summary>Every product by tensor cores, however small, and only those with long sides.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void Chunk_IsNearFloat32_AndRepeatable(PrecisionKind precision, NetworkKind kind) => Assert.All(
        ((int Units, int LeastSide)[])[(13, 1), (TensorCores.LeastSide + 2, TensorCores.LeastSide)],
        size =>
        {
            var cores = TensorCores.Of(precision, size.LeastSide)!;
            var example = new ReferenceCase(kind, Lengths, 5, 6, model => model with
            {
                HiddenSize = size.Units,
                Cell = model.Cell.Projection is null ? model.Cell : new LstmCell { ProjectionSize = size.LeastSide + 1 },
            });
            using var plain = new FusedReplica(example.Model, example.Loss);
            var wanted = Run(plain, example);
            List<ChunkNumbers> found = [];
            foreach (bool backwards in (bool[])[false, true])
            {
                using var device = new Emulator(backwards, atOnce: backwards ? 1 : 16);
                using var replica = new GpuReplica(device, example.Model, example.Loss, partSteps: backwards ? 1 : 2, cores: cores);
                found.Add(Run(replica, example));
                found.Add(Run(replica, example));

                Assert.Contains(
                    device.Launches.Keys,
                    name => name.StartsWith($"product_{TrainSpec.WordOf(precision)}", StringComparison.Ordinal));
            }

            Assert.All(found, one =>
            {
                var (what, distance) = one.FarthestFrom(wanted);
                Assert.True(distance <= cores.Tolerance, $"{what} is {distance:e1} from float32's, expected {cores.Tolerance:e1}");
            });
            Assert.NotEqual(wanted.Bits, found[0].Bits);
            Assert.All(found, one => Assert.Equal(found[0].Bits, one.Bits));
        });

    /// <summary>
    /// Losses of PyTorch in float64. Steps follow each other by an optimizer, which carries what one of them rounds into the next ones;
    /// of these cases the losses stay within one tolerance of a chunk all the same.
    /// </summary>
    [Theory, MemberData(nameof(Cases))]
    public void Run_ReproducesPyTorch_WithinItsTolerance(PrecisionKind precision, string name)
    {
        var cores = TensorCores.Of(precision, leastSide: 1)!;
        using var directory = new TemporaryDirectory();
        var golden = GoldenCase.Load(name);
        using var prepared = PreparedRun.Prepare(golden.Write(directory.Path, 1).OnEngine("fused"));
        var spec = prepared.Spec;
        List<double> losses = [];
        using var trainer = new SingleProcessTrainer(
            spec, prepared.Data, () => new GpuReplica(new Emulator(), spec.Model, spec.Train.Loss, ownsDevice: true, cores: cores));

        Assert.Null(trainer.Train(step => losses.Add(step.Loss), (_, _, _) => { }));

        Assert.Equal(golden.StepLosses.Length, losses.Count);
        double error = golden.StepLosses.Zip(losses, (one, other) => Math.Abs(other - one) / Math.Abs(one)).Max();
        Assert.True(error <= cores.Tolerance, $"a loss is {error:e1} from PyTorch's, expected {cores.Tolerance:e1}");
    }

    [Theory]
    [InlineData(PrecisionKind.Full, "fused 1")]
    [InlineData(PrecisionKind.Tf32, "fused 1, products in tf32 by tensor cores of the emulator")]
    [InlineData(PrecisionKind.Bfloat16, "fused 1, products in bfloat16 by tensor cores of the emulator")]
    public void Arithmetic_NamesThePrecisionAndTheTypeOfTheDevice(PrecisionKind precision, string expected)
    {
        var example = new ReferenceCase(new("lstm", 1, Tokens: false, Classes: false, 0), Lengths, 5, 6);
        using var device = new Emulator();
        using var replica = new GpuReplica(device, example.Model, example.Loss, cores: TensorCores.Of(precision));

        Assert.Equal(expected, replica.Arithmetic);
    }

    [Theory]
    [InlineData(PrecisionKind.Tf32)]
    [InlineData(PrecisionKind.Bfloat16)]
    public void SelfCheck_HoldsTensorCoresToTheirTolerance(PrecisionKind precision)
    {
        string word = TrainSpec.WordOf(precision);
        using var sound = new Emulator();
        SelfCheck.Run(sound, precision);
        Assert.All(
            TensorCores.Of(precision)!.Products.All, kernel => Assert.True(sound.Launches.GetValueOrDefault(kernel.Name) > 0, kernel.Name));
        using var broken = new Emulator(skips: $"product_{word}_columns");

        var refusal = Assert.Throws<EngineUnavailableException>(() => SelfCheck.Run(broken, precision));

        Assert.StartsWith(
            $"emulated does not compute products in {word} as it should: the gradient of a small lstm differs from float32's by ",
            refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("update NVIDIA's driver, or write precision: float32", refusal.Message, StringComparison.Ordinal);
    }

    private static ChunkNumbers Run(IReplica replica, ReferenceCase example)
    {
        float[] hidden = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];

        // As PyTorch draws weights of many units: with larger ones each time step makes more of what the one before has rounded.
        float scale = example.Model.HiddenSize < TensorCores.LeastSide ? 1 : 0.25f;
        replica.LoadParameters([.. example.Parameters.Select(one => scale * one)]);
        double loss = replica.ForwardBackward(example.Batch(0), example.Dropout(0), example.HiddenBefore, hidden, gradient);
        return new(loss, hidden, gradient);
    }
}
