using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Torch;
using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;

namespace Orleans.Tbptt.Tests.Training.Replicas;

/// <summary>
/// Both engines' replicas against a network written from PyTorch's equations in double precision. Five units, chunks of up to six time
/// steps, four lanes at work: losses are 5 to 57 and gradients up to 48, each the sum of some twenty terms. Float32 rounds each number in
/// them by 6e-8 of itself, a few dozen numbers deep; the tolerances are four to nine times what was measured (5.4e-6, 3.0e-7, 5.8e-6). Two
/// gates exchanged, a bias left out, a mask at the wrong place or a gradient that flows on past the chunk's start costs 1e-2 and more.
/// </summary>
public sealed class ReplicaTests(ITestOutputHelper output)
{
    private const double LossTolerance = 2e-5;
    private const double HiddenTolerance = 2e-6;
    private const double GradientTolerance = 5e-5;

    // Chunk 0: 4, 6, 2, 6 time steps and an idle lane; chunk 1: idle, 1, idle, 5, idle.
    private static readonly int[] Lengths = [4, 7, 2, 11];

    private static readonly NetworkKind[] AllKinds =
    [
        .. from cell in TestChoices.Cells
           from layers in new[] { 1, 2, 3 }
           from dropout in layers == 1 ? [0.0] : new[] { 0, 0.4 }
           from data in new[] { (Tokens: false, Classes: false), (Tokens: true, Classes: true) }
           select new NetworkKind(cell, layers, data.Tokens, data.Classes, dropout),
        new NetworkKind("lstm", 1, Tokens: true, Classes: false, 0),
        new NetworkKind("gru", 2, Tokens: false, Classes: true, 0.4),
        new NetworkKind("lstm", 2, Tokens: false, Classes: false, 0.4, IsMasked: true),
        new NetworkKind("gru", 1, Tokens: true, Classes: true, 0, IsMasked: true),
        .. from loss in ReferenceCase.Losses
           from masked in new[] { false, true }
           select new NetworkKind(
               "lstm", 1, loss.Value.OfClasses, loss.Value.OfClasses, 0, masked, Loss: loss.Key),
        .. from cell in TestChoices.Cells
           from columns in new[] { 1, 3 }
           from values in new[] { 0, 3 }
           select new NetworkKind(cell, columns == 1 ? 1 : 2, Tokens: false, Classes: false, columns == 1 ? 0 : 0.4, Columns: columns,
               Values: values),
        .. from cell in TestChoices.Cells
           where TestChoices.Cell(cell).States <= 2
           select new NetworkKind(cell, 2, Tokens: false, Classes: false, 0.4, LearnsStart: true),
    ];

    public static TheoryData<string> Engines { get; } = ["fused", "torch"];

    /// <summary>On libtorch the cells and losses that it has.</summary>
    public static TheoryData<string, NetworkKind> Kinds { get; } =
        new(OnEngines(AllKinds).Where(pair => TestChoices.Computes(pair.Engine, pair.One.Cell) && Computes(pair.Engine, pair.One.Loss)));

    public static TheoryData<string, string> Cells { get; } =
        new(OnEngines(TestChoices.Cells).Where(pair => TestChoices.Computes(pair.Engine, pair.One)));

    [Theory, MemberData(nameof(Kinds))]
    public void LossHiddenStateAndGradient_AreThoseOfTheReference(string engine, NetworkKind kind)
    {
        var example = Case(kind);
        using var replica = Replica(engine, example);
        foreach (long chunk in new long[] { 0, 1 })
        {
            float[] hidden = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];

            double loss = replica.ForwardBackward(example.Batch(chunk), example.Dropout(chunk), example.Before(chunk), hidden, gradient);

            double[] expectedHidden = Differences.Doubles(example.HiddenBefore);
            double expectedLoss =
                example.Reference(Differences.Doubles(example.Parameters), chunk, expectedHidden, dropout: kind.Dropout > 0);
            double[] expectedGradient = Differences.Gradient(
                at => example.Reference(at, chunk, Differences.Doubles(example.HiddenBefore), dropout: kind.Dropout > 0),
                example.Parameters);
            double hiddenError = Differences.Largest(expectedHidden, hidden),
            gradientError = Differences.Largest(expectedGradient, gradient);
            output.WriteLine(
                $"{kind} chunk {chunk}: loss {expectedLoss:g4} error {Math.Abs(loss - expectedLoss):e1}, hidden error {hiddenError:e1}, "
                + $"gradient up to {expectedGradient.Max(Math.Abs):g3} error {gradientError:e1}");
            Assert.Equal(expectedLoss, loss, LossTolerance);
            Assert.InRange(hiddenError, 0, HiddenTolerance);
            Assert.InRange(gradientError, 0, GradientTolerance);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Forward_DropsNothing_AndGivesTheReferencesLossAndHiddenState(string engine, NetworkKind kind)
    {
        var example = Case(kind);
        using var replica = Replica(engine, example);
        float[] hidden = new float[example.HiddenBefore.Length];

        double loss = replica.Forward(example.Batch(0), example.Before(0), hidden, []);

        double[] expectedHidden = Differences.Doubles(example.HiddenBefore);
        Assert.Equal(example.Reference(Differences.Doubles(example.Parameters), 0, expectedHidden, dropout: false), loss, LossTolerance);
        Assert.InRange(Differences.Largest(expectedHidden, hidden), 0, HiddenTolerance);
    }

    /// <summary>The loss is computed in the outputs' place: they are copied before.</summary>
    [Theory, MemberData(nameof(Engines))]
    public void Forward_CopiesTheOutputsThatTheLossIsOf(string engine)
    {
        var example = Case(new("lstm", 2, Tokens: false, Classes: false, 0));
        using var replica = Replica(engine, example);
        var batch = example.Batch(0);
        float[] outputs = new float[batch.TargetValues.Length];

        double loss = replica.Forward(batch, example.HiddenBefore, new float[example.HiddenBefore.Length], outputs);

        double expected = 0;
        for (int i = 0; i < outputs.Length; i++)
            expected += Math.Pow((double)outputs[i] - batch.TargetValues[i], 2);
        Assert.Equal(expected, loss, LossTolerance);
    }

    /// <summary>
    /// The gradient of a chunk is the derivative of its loss with the hidden state at its start held constant (the test above). Had the
    /// graph not ended there, it would be this other derivative, in which the parameters act through the chunk before, too.
    /// </summary>
    [Theory, MemberData(nameof(Cells))]
    public void Gradient_IsNotThatOfTheWholeHistory(string engine, string cell)
    {
        var example = Case(new(cell, 2, Tokens: false, Classes: false, 0));
        using var replica = Replica(engine, example);
        float[] between = new float[example.HiddenBefore.Length], after = new float[between.Length],
        gradient = new float[example.Layout.Length];
        replica.ForwardBackward(example.Batch(0), DropoutMasks.None, example.HiddenBefore, between, gradient);
        replica.ForwardBackward(example.Batch(1), DropoutMasks.None, between, after, gradient);

        double[] whole = Differences.Gradient(
            at =>
            {
                double[] hidden = Differences.Doubles(example.HiddenBefore);
                example.Reference(at, 0, hidden, dropout: false);
                return example.Reference(at, 1, hidden, dropout: false);
            },
            example.Parameters);
        double[] truncated =
            Differences.Gradient(at => example.Reference(at, 1, Differences.Doubles(between), dropout: false), example.Parameters);

        Assert.InRange(Differences.Largest(truncated, gradient), 0, GradientTolerance);
        Assert.True(Differences.Largest(whole, gradient) > 1000 * GradientTolerance, "the two derivatives are too alike");
    }

    [Theory, MemberData(nameof(Engines))]
    public void Gradient_DependsOnTheChunkBefore_ThroughTheValuesOfTheHiddenStateAlone(string engine)
    {
        var example = Case(new("lstm", 2, Tokens: false, Classes: false, 0.4));
        float[] Second(IReplica replica)
        {
            float[] after = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];
            replica.ForwardBackward(example.Batch(1), example.Dropout(1), example.HiddenBefore, after, gradient);
            return gradient;
        }

        using IReplica fresh = Replica(engine, example), used = Replica(engine, example);
        float[] ignored = new float[example.HiddenBefore.Length];
        used.ForwardBackward(example.Batch(0), example.Dropout(0), new float[ignored.Length], ignored, new float[example.Layout.Length]);
        used.Forward(example.Batch(0), example.HiddenBefore, ignored, []);

        Bits.Same(Second(fresh), Second(used));
    }

    [Theory, MemberData(nameof(Engines))]
    public void IdleLanes_GiveZeroHiddenState_AndNoGradientWhenAllAre(string engine)
    {
        var example = Case(new("lstm", 2, Tokens: false, Classes: false, 0));
        using var replica = Replica(engine, example);
        float[] hidden = [.. Enumerable.Repeat(9f, example.HiddenBefore.Length)],
        gradient = [.. Enumerable.Repeat(9f, example.Layout.Length)];

        replica.ForwardBackward(example.Batch(0), DropoutMasks.None, example.HiddenBefore, hidden, gradient);
        double loss = replica.ForwardBackward(example.Batch(2), DropoutMasks.None, example.HiddenBefore, hidden, gradient);

        Assert.Equal(0, loss);
        Bits.Same(new float[hidden.Length], hidden);
        Bits.Same(new float[gradient.Length], gradient);
        Assert.Equal(0, replica.Forward(example.Batch(2), example.HiddenBefore, hidden, []));
    }

    [Theory, MemberData(nameof(Cells))]
    public void LaneAlone_GivesWhatItGivesAmongOthers(string engine, string cell)
    {
        var kind = new NetworkKind(cell, 2, Tokens: true, Classes: true, 0);
        ReferenceCase together = new(kind, [6, 6, 6], 3, 6), alone = new(kind, [6], 1, 6);
        int perLane = together.Layout.HiddenPerLane;
        float[] before = together.HiddenBefore[..perLane], hiddenTogether = new float[3 * perLane], hiddenAlone = new float[perLane];
        using IReplica three = Replica(engine, together), one = Replica(engine, alone);
        one.LoadParameters(together.Parameters);

        three.Forward(together.Batch(0), together.HiddenBefore, hiddenTogether, []);
        one.Forward(alone.Batch(0), before, hiddenAlone, []);

        if (engine == "fused")
            Bits.Same(hiddenAlone, hiddenTogether.AsSpan(0, perLane).ToArray());

        // libtorch may sum other sizes of matrices in another order: some roundings of numbers up to 1.
        Assert.InRange(Differences.Largest(Differences.Doubles(hiddenAlone), hiddenTogether[..perLane]), 0, HiddenTolerance);
    }

    [Theory, MemberData(nameof(Engines))]
    public void Parameters_AreTakenOver_EachTimeTheyAreLoaded(string engine)
    {
        var example = Case(new("gru", 2, Tokens: true, Classes: true, 0));
        using var replica = Replica(engine, example);
        float[] hidden = new float[example.HiddenBefore.Length];
        double first = replica.Forward(example.Batch(0), example.HiddenBefore, hidden, []);

        replica.LoadParameters(new Draws(62).Floats(example.Layout.Length));
        double other = replica.Forward(example.Batch(0), example.HiddenBefore, hidden, []);
        replica.LoadParameters(example.Parameters);
        double again = replica.Forward(example.Batch(0), example.HiddenBefore, hidden, []);

        Assert.NotEqual(first, other);
        Bits.Same([first], [again]);
    }

    /// <summary>A device may be chosen elsewhere than by the spec's check.</summary>
    [Fact]
    public void Libtorch_RefusesDropout_ThatItDoesNotCompute() => Assert.All(
        (DropoutSpec[])[new() { Weight = 0.2 }, new() { Zoneout = 0.2 }, new() { ZoneoutCell = 0.2 }], dropout =>
        {
            var example = Case(new("lstm", 2, Tokens: false, Classes: false, 0));

            Assert.Throws<NotSupportedException>(() => new TorchReplica(example.Model with { Dropout = dropout }, example.Loss, torch.CPU));
        });

    /// <summary>
    /// One intra-op thread, also on a thread that libtorch was not set up on: with a team of threads the sums, and so the bits, would
    /// depend on how many cores the machine has. A team inherits its maker's name, so there are as many threads of this name as compute.
    /// </summary>
    [Fact]
    public void Replica_ComputesOnItsThreadAlone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads the names of threads from /proc");
        NativeBackend.Initialize();
        const string Name = "lone-replica";
        int threads = 0;
        var thread = new Thread(() =>
        {
            var example = Case(new("lstm", 2, Tokens: false, Classes: false, 0));
            using var replica = new TorchReplica(example.Model, example.Loss, torch.CPU);
            for (int i = 0; i < 3; i++)
            {
                float[] hidden = new float[example.HiddenBefore.Length];
                replica.ForwardBackward(example.Batch(0), DropoutMasks.None, example.HiddenBefore, hidden,
                    new float[example.Layout.Length]);
            }

            threads = ThisProcess.ThreadNames().Count(name => name == Name);
        }) { Name = Name };
        thread.Start();
        thread.Join();

        Assert.Equal(1, threads);
    }

    private static IEnumerable<(string Engine, T One)> OnEngines<T>(IEnumerable<T> all) =>
        from engine in Engines.Select(row => row.Data) from one in all select (engine, one);

    private static bool Computes(string engine, string? loss) =>
        engine == "fused" || loss is null || ReferenceCase.Losses[loss] is { TorchFunction: not null, KeysWithoutTorch: [] };

    private static ReferenceCase Case(NetworkKind kind) => new(kind, Lengths, lanes: 5, chunkLength: 6);

    private static IReplica Replica(string engine, ReferenceCase example)
    {
        NativeBackend.Initialize();
        IReplica replica = TestChoices.Engine(engine).Create(example.Model, example.Loss, DeviceName.Cpu);
        replica.LoadParameters(example.Parameters);
        return replica;
    }
}
