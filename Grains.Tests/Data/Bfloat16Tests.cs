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
        var stochastic = values.ToArray();
        Bfloat16.Round(values, values);
        Bfloat16.RoundStochastically(stochastic, 1);
        Assert.All(values, value => Assert.True(float.IsNaN(value)));
        Assert.All(stochastic, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void RoundStochastically_GivesANeighbour_AndTheNumberInTheMean()
    {
        const int Count = 100_000;
        foreach (float value in (float[])[1.001f, -3.1415926f, 1e-30f, 65000.7f])
        {
            var values = Enumerable.Repeat(value, Count).ToArray();
            Bfloat16.RoundStochastically(values, key: 0x1234_5678_9ABC_DEF0);
            uint bits = BitConverter.SingleToUInt32Bits(value), lower = bits & 0xFFFF0000;
            double step = Math.Abs((double)BitConverter.UInt32BitsToSingle(lower + 0x10000) - BitConverter.UInt32BitsToSingle(lower));

            Assert.All(values, rounded => Assert.Contains(BitConverter.SingleToUInt32Bits(rounded), (uint[])[lower, lower + 0x10000]));

            // Four standard deviations of a mean of so many, each at most half a step off.
            Assert.Equal(0, (values.Average(one => (double)one) - value) / step, 4 * 0.5 / Math.Sqrt(Count));
        }
    }

    [Fact]
    public void RoundStochastically_IsTheSameForAnElement_WhateverIsAroundIt_AndAnotherForAnotherKey()
    {
        var draws = new Draws(5);
        float[] values = draws.Floats(1003), whole = [.. values], other = [.. values];

        Bfloat16.RoundStochastically(whole, 7);
        Bfloat16.RoundStochastically(other, 8);

        for (int length = 1; length < 40; length++)
        {
            float[] part = [.. values[..length]];
            Bfloat16.RoundStochastically(part, 7);
            Bits.Same(whole.AsSpan(0, length), part);
        }

        Assert.InRange(whole.Zip(other).Count(pair => pair.First.Equals(pair.Second)), 400, 700);
    }

    [Fact]
    public void Narrow_RoundsAsRoundDoes()
    {
        float[] values =
            [.. new Draws(11).Floats(1003), float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, -0f];
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
