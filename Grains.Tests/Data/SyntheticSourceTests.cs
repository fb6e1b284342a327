using Orleans.Tbptt.Data;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Data;

public sealed class SyntheticSourceTests
{
    [Fact]
    public void Average_HasTheSameBits_OnEveryMachine()
    {
        using IDataSource source = Given.Open(Given.Synthetic("average"));
        Assert.Equal(new(10, 0, 5, 0), source.Shape);
        Assert.Equal((300, 100), (source.Training.Count, source.Training.Length(299)));
        float[] last = source.Training.Inputs(299, 10)[^10..];
        Assert.Equal(
            [
                -0.4570024311542511f, 2.529740571975708f, -1.3867757320404053f, -0.6614850163459778f, 1.6340426206588745f,
                0.38999277353286743f, -1.1952751874923706f, 0.19693389534950256f, -0.4412824213504791f, 1.1758688688278198f,
            ],
            last);
    }

    [Fact]
    public void Average_TargetIsTopPlusRolledBottom_AtEveryTimeStep()
    {
        using IDataSource source =
            Given.Open(Given.Synthetic("average", 3, 7), new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = 6 });
        float[] x = source.Training.Inputs(2, 6);
        float[] y = source.Training.Targets(2, 3);
        for (int t = 0; t < 7; t++)
        {
            ReadOnlySpan<float> row = x.AsSpan(t * 6, 6);
            Assert.Equal([row[0] + row[5], row[1] + row[3], row[2] + row[4]], y[(t * 3)..((t * 3) + 3)]);
        }
    }

    [Fact]
    public void Average_DrawsOtherNumbers_FromAnotherSeed()
    {
        using IDataSource one = Given.Open(Given.Synthetic("average", 2, 5));
        using IDataSource two = Given.Open(Given.Synthetic("average", 2, 5), seed: 2);
        Assert.NotEqual(one.Training.Inputs(0, 10), two.Training.Inputs(0, 10));
        Assert.NotEqual(one.Training.Inputs(0, 10), one.Training.Inputs(1, 10));
    }

    [Theory]
    [InlineData("average", 10)]
    [InlineData("sine", 1)]
    public void Values_AreTheSame_ComputedOnAccessOrKeptInMemory(string kind, int width)
    {
        using IDataSource small = Given.Open(Given.Synthetic(kind, 4, 50));
        using IDataSource large = Given.Open(Given.Synthetic(kind, 2_000_000, 50));
        Assert.Equal(small.Training.Inputs(3, width), large.Training.Inputs(3, width));
        Assert.Equal(small.Training.Targets(3, Math.Max(1, width / 2)), large.Training.Targets(3, Math.Max(1, width / 2)));
    }

    [Theory]
    [InlineData("average", 10)]
    [InlineData("sine", 1)]
    public void Sequences_MayBeAsLongAsAnIntCounts(string kind, int width)
    {
        using IDataSource source = Given.Open(Given.Synthetic(kind, 1, int.MaxValue));
        float[] inputs = new float[2 * width], targets = new float[2 * Math.Max(1, width / 2)];
        source.Training.ReadInputs(new(0, int.MaxValue - 2, 2), inputs);
        source.Training.ReadTargets(new(0, int.MaxValue - 2, 2), targets);
        Assert.All(inputs.Concat(targets), value => Assert.InRange(value, -20, 20));
        if (kind == "sine")
            Assert.Equal(inputs[1], targets[0]);
    }

    [Fact]
    public void Sine_HasTheSameBits_OnEveryMachine()
    {
        using IDataSource source = Given.Open(Given.Synthetic("sine"));
        Assert.Equal(new(1, 0, 1, 0), source.Shape);
        float[] x = source.Training.Inputs(7), y = source.Training.Targets(7);
        Assert.Equal([-0.9884708523750305f, -0.7486393451690674f, 0.8691463470458984f, -0.63510662317276f], [x[0], x[1], x[50], y[99]]);
        Assert.Equal(x[1..], y[..^1]);
    }

    [Fact]
    public void Sine_ObeysTheSinesRecurrence_InEverySequence()
    {
        using IDataSource source = Given.Open(Given.Synthetic("sine", 20));
        for (int sequence = 0; sequence < 20; sequence++)
        {
            // s(t+1) + s(t-1) = 2 cos(w) s(t): the same w at every t.
            float[] x = source.Training.Inputs(sequence);
            int peak = Array.IndexOf(x, x[1..^1].MaxBy(Math.Abs), 1);
            double cosine = (x[peak - 1] + x[peak + 1]) / (2.0 * x[peak]);
            Assert.InRange(Math.Acos(cosine) / (2 * Math.PI), 0.0099, 0.1001);
            for (int t = 1; t < 99; t++)
                Assert.Equal(2 * cosine * x[t], x[t - 1] + x[t + 1], 1e-5);
        }
    }

    [Fact]
    public void PortableSine_IsNearTheLibrarys_OverManyTurns()
    {
        for (double turns = -3; turns < 1000; turns += 0.0371)
            Assert.Equal(Math.Sin(2 * Math.PI * (turns - Math.Floor(turns))), PortableSine.OfTurns(turns), 1e-12);
    }

    [Theory]
    [InlineData(300, 0.1, 30)]
    [InlineData(10, 0.25, 3)]
    [InlineData(10, 0.01, 1)]
    [InlineData(2, 0.5, 1)]
    public void HoldOut_TakesTheLastSequences_AndAtLeastOne(int sequences, double fraction, int held)
    {
        using IDataSource all = Given.Open(Given.Synthetic("average", sequences, 4));
        using IDataSource split = Given.Open(Given.Synthetic("average", sequences, 4, fraction));
        Assert.Null(all.Validation);
        Assert.Equal((sequences - held, held), (split.Training.Count, split.Validation!.Count));
        Assert.Equal(all.Training.Inputs(sequences - held, 10), split.Validation.Inputs(0, 10));
        Assert.Equal(all.Training.Targets(sequences - 1, 5), split.Validation.Targets(held - 1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => split.Training.Length(sequences - held));
    }

    [Fact]
    public void HoldOut_IsRefused_WhenNothingIsLeftToTrainOn()
    {
        string problem = Given.Problem(Given.Synthetic("sine", 2, 4, 0.9));
        Assert.StartsWith("data.validationFraction: found 0.9, which holds out 2 of 2 sequences, expected at least one", problem,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(0)]
    public void Average_IsRefused_WhenTheInputsCannotBeHalved(int inputSize) => Assert.StartsWith(
        $"model.inputSize: found {inputSize}, expected an even number",
        Given.Problem(Given.Synthetic("average"), new() { Cell = new LstmCell(), HiddenSize = 4, InputSize = inputSize }),
        StringComparison.Ordinal);

    [Fact]
    public void Reading_IsRefused_OutOfBoundsOrIntoAnotherSizeOrType()
    {
        using IDataSource source = Given.Open(Given.Synthetic("sine", 2, 4));
        ISequenceSet set = source.Training;
        Assert.Throws<ArgumentOutOfRangeException>(() => set.ReadInputs(new(2, 0, 1), new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.ReadInputs(new(0, -1, 1), new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.ReadInputs(new(0, 2, 3), new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.ReadTargets(new(0, int.MaxValue, 2), new float[2]));
        Assert.Throws<ArgumentException>(() => set.ReadTargets(new(0, 0, 2), new float[3]));
        Assert.Throws<InvalidOperationException>(() => set.ReadInputs(new(0, 0, 1), new long[1]));
        set.ReadInputs(new(1, 4, 0), Span<float>.Empty);
    }
}
