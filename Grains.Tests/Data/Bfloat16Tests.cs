using System.Runtime.InteropServices;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;

namespace Orleans.Tbptt.Tests.Data;

public sealed class Bfloat16Tests
{
    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(-0f, -0f)]
    [InlineData(1.00390625f, 1f)] // a tie, to even
    [InlineData(1.01171875f, 1.015625f)] // a tie, to even
    [InlineData(1.004f, 1.0078125f)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Round_IsToTheNearest(float value, float expected)
    {
        foreach (int length in (int[])[1, 67])
        {
            var values = Enumerable.Repeat(value, length).ToArray();
            Bfloat16.Round(values, values);
            Assert.All(values, rounded => Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(rounded)));
        }
    }

    [Fact]
    public void NaN_StaysNaN_WhereItsUpperHalfIsInfinity()
    {
        var values = Enumerable.Repeat(BitConverter.Int32BitsToSingle(0x7F80_0001), 40).ToArray();
        var byChance = values.ToArray();
        Bfloat16.Round(values, values);
        Bfloat16.RoundByChance(byChance, 1);
        Assert.All(values, value => Assert.True(float.IsNaN(value)));
        Assert.All(byChance, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void RoundByChance_GivesANeighbour_AndTheNumberInTheMean()
    {
        const int Count = 100_000;
        foreach (float value in (float[])[1.001f, -3.1415926f, 1e-30f, 65000.7f])
        {
            var values = Enumerable.Repeat(value, Count).ToArray();
            Bfloat16.RoundByChance(values, key: 0x1234_5678_9ABC_DEF0);
            uint bits = BitConverter.SingleToUInt32Bits(value), lower = bits & 0xFFFF0000;
            double step = Math.Abs((double)BitConverter.UInt32BitsToSingle(lower + 0x10000) - BitConverter.UInt32BitsToSingle(lower));

            Assert.All(values, rounded => Assert.Contains(BitConverter.SingleToUInt32Bits(rounded), (uint[])[lower, lower + 0x10000]));

            // Four standard deviations of a mean of so many, each at most half a step off.
            Assert.Equal(0, (values.Average(one => (double)one) - value) / step, 4 * 0.5 / Math.Sqrt(Count));
        }
    }

    [Fact]
    public void RoundByChance_IsTheSameForAnElement_WhateverIsAroundIt_AndAnotherForAnotherKey()
    {
        var draws = new Draws(5);
        float[] values = draws.Floats(1003), whole = [.. values], other = [.. values];

        Bfloat16.RoundByChance(whole, 7);
        Bfloat16.RoundByChance(other, 8);

        for (int length = 1; length < 40; length++)
        {
            float[] part = [.. values[..length]];
            Bfloat16.RoundByChance(part, 7);
            Bits.Same(whole.AsSpan(0, length), part);
        }

        Assert.InRange(whole.Zip(other).Count(pair => pair.First.Equals(pair.Second)), 400, 700);
    }

    [Fact]
    public void RoundWithFeedback_LosesNothing()
    {
        var draws = new Draws(17);
        float[] values = [.. draws.Floats(1000), 0, -0f, float.Epsilon, -float.Epsilon, 1e-38f, 3e38f, 1.00390625f];
        float[] errors = new float[values.Length], given = new float[values.Length];
        for (int step = 0; step < 20; step++)
        {
            float[] whole = [.. values.Zip(errors, (value, error) => value + error)], before = [.. errors];
            values.CopyTo(given, 0);
            Bfloat16.RoundWithFeedback(given, before, errors);

            // What is sent is the nearest bfloat16, and with what is kept it is all there was, to the bit.
            float[] nearest = [.. whole];
            Bfloat16.Round(nearest, nearest);
            Bits.Same(nearest, given);
            Assert.All(whole.Index(), one => Assert.Equal((double)one.Item, (double)given[one.Index] + errors[one.Index]));
        }
    }

    [Fact]
    public void RoundWithFeedback_IsTheSameForAnElement_WhateverIsAroundIt()
    {
        var draws = new Draws(19);
        float[] values = draws.Floats(67), errors = [.. draws.Floats(67).Select(error => error / 256)], whole = [.. values], after = [.. errors];
        Bfloat16.RoundWithFeedback(whole, after, after);
        for (int length = 1; length < values.Length; length++)
        {
            float[] part = [.. values[..length]], kept = new float[length];
            Bfloat16.RoundWithFeedback(part, errors.AsSpan(0, length), kept);
            Bits.Same(whole.AsSpan(0, length), part);
            Bits.Same(after.AsSpan(0, length), kept);
        }
    }

    [Fact]
    public void Feedback_GivesInTheEndWhatRoundingAloneWouldNeverGive()
    {
        // A gradient that keeps its sign and hardly changes: rounded alone it is off by the same every time.
        const int Steps = 1000;
        float[] error = [0], sent = [0];
        double fed = 0, rounded = 0;
        for (int step = 0; step < Steps; step++)
        {
            sent[0] = 1.003f;
            Bfloat16.RoundWithFeedback(sent, error, error);
            fed += sent[0];
            sent[0] = 1.003f;
            Bfloat16.Round(sent, sent);
            rounded += sent[0];
        }

        // What is still owed is what is kept: half a unit in the last place at most, 2^-8 from 1 to 2.
        Assert.Equal(Steps * (double)1.003f, fed + error[0], Steps * 1e-6);
        Assert.InRange(Math.Abs(error[0]), 0, 1f / 256);
        Assert.Equal(Steps, rounded);
    }

    [Fact]
    public void Narrow_RoundsAsRoundDoes()
    {
        float[] values = [.. new Draws(11).Floats(1003), float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, -0f];
        float[] rounded = new float[values.Length], widened = new float[values.Length];
        var halves = new ushort[values.Length];

        Bfloat16.Round(values, rounded);
        Bfloat16.Narrow(values, halves);
        Bfloat16.Widen(halves, widened);

        Bits.Same(rounded, widened);
    }

    [Fact]
    public void NarrowAndWiden_LoseNothing_InThePlaceItself()
    {
        for (int length = 0; length < 200; length++)
        {
            float[] values = new Draws(length).Floats(length);
            Bfloat16.Round(values, values);
            var halves = new ushort[length];
            Bfloat16.Narrow(values, halves);
            var widened = new float[length];
            var last = MemoryMarshal.Cast<float, ushort>(widened.AsSpan())[length..];
            halves.CopyTo(last);

            Bfloat16.Widen(last, widened);

            Bits.Same(values, widened);
        }
    }
}
