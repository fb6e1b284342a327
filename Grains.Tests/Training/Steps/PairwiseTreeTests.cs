using System.Numerics;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class PairwiseTreeTests
{
    /// <summary>The tree for one to nine numbers, written out.</summary>
    private static Func<T[], T>[] Trees<T>() where T : IAdditionOperators<T, T, T> =>
    [
        v => v[0],
        v => v[0] + v[1],
        v => (v[0] + v[1]) + v[2],
        v => (v[0] + v[1]) + (v[2] + v[3]),
        v => ((v[0] + v[1]) + (v[2] + v[3])) + v[4],
        v => ((v[0] + v[1]) + (v[2] + v[3])) + (v[4] + v[5]),
        v => ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + v[6]),
        v => ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7])),
        v => (((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]))) + v[8],
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public void Sums_AreParenthesisedAsTheTree_BitForBit(int count)
    {
        const int Length = 1000;
        var draws = new Draws(count);
        float[] Buffer() => [.. Enumerable.Range(0, Length).Select(_ => (float)(draws.Double(-1, 1) * Math.Pow(10, draws.Int(-6, 6))))];
        var buffers = Enumerable.Range(0, count).Select(_ => Buffer()).ToArray();
        float[] At(int i) => [.. buffers.Select(buffer => buffer[i])];
        float[] expected = [.. Enumerable.Range(0, Length).Select(i => Trees<float>()[count - 1](At(i)))];
        double[] totals = [.. Enumerable.Range(0, Length).Select(i => Trees<double>()[count - 1]([.. At(i).Select(value => value / 3.0)]))];

        Bits.Same(totals, Enumerable.Range(0, Length).Select(i => PairwiseTree.Sum([.. At(i).Select(value => value / 3.0)])));
        PairwiseTree.SumInto([.. buffers.Select(buffer => buffer.AsMemory())]);

        Bits.Same(expected, buffers[0]);
    }

    [Fact]
    public void Sum_IsNotTheSumInOrderOfArrival()
    {
        float[] values = [1e8f, 1, -1e8f, 1];
        float arrival = 0;
        foreach (float value in values)
            arrival += value;

        float[][] buffers = [.. values.Select(value => new[] { value })];
        PairwiseTree.SumInto([.. buffers.Select(buffer => buffer.AsMemory())]);

        // In order each 1 is lost or kept by when it comes; in the tree both vanish against 1e8, whose float neighbours lie 8 apart.
        Assert.Equal(1, arrival);
        Assert.Equal(0, buffers[0][0]);
    }

    [Fact]
    public void Sum_OfNothing_IsZero() => Assert.Equal(0, PairwiseTree.Sum([]));

    [Theory]
    [InlineData(8, new[] { 4, 5, 6, 7 }, new[] { 4, 4 })]
    [InlineData(8, new[] { 3, 4, 5, 6 }, new[] { 3, 1, 4, 2, 6, 1 })]
    [InlineData(8, new[] { 0, 2, 3, 7 }, new[] { 0, 1, 2, 2, 7, 1 })]
    [InlineData(5, new[] { 4 }, new[] { 4, 1 })]
    [InlineData(5, new[] { 2, 3, 4 }, new[] { 2, 2, 4, 1 })]
    [InlineData(7, new[] { 4, 5, 6 }, new[] { 4, 3 })]
    [InlineData(7, new[] { 0, 1, 2, 3, 4, 5, 6 }, new[] { 0, 7 })]
    [InlineData(7, new[] { 1, 2, 3, 4, 5, 6 }, new[] { 1, 1, 2, 2, 4, 3 })]
    public void Subtrees_AreTheFewestWholeNodes(int count, int[] trainers, int[] expected) =>
        Assert.Equal(expected, PairwiseTree.Subtrees(trainers, count).SelectMany(node => new[] { node.First, node.Count }));

    [Fact]
    public void Sum_OfPartialSums_IsTheSumOfAll_BitForBit_WhereverTrainersLive()
    {
        const int Length = 37;
        var draws = new Draws(77);
        for (int round = 0; round < 300; round++)
        {
            int count = draws.Int(1, 20), silos = draws.Int(1, 5);
            float[][] buffers =
                [.. Enumerable.Range(0, count)
                    .Select(_ => Enumerable.Range(0, Length).Select(_ => (float)(draws.Double(-1, 1) * Math.Pow(10, draws.Int(-6, 6))))
                        .ToArray())];
            float[][] kept = [.. buffers.Select(buffer => buffer.ToArray())];
            var homes = Enumerable.Range(0, count).Select(_ => draws.Int(0, silos)).ToArray();
            if (round % 2 == 0)
                Array.Sort(homes);

            var nodes = new ReadOnlyMemory<float>[count];
            foreach (var silo in Enumerable.Range(0, count).GroupBy(trainer => homes[trainer]))
            {
                foreach (var node in PairwiseTree.Subtrees([.. silo], count))
                {
                    var partial = new float[Length];
                    var leaves = Enumerable.Range(node.First, node.Count).Select(leaf => (ReadOnlyMemory<float>)buffers[leaf]).ToArray();
                    nodes[node.First] = PairwiseTree.Sum(leaves, partial).ToArray();
                }
            }

            float[] sum = PairwiseTree.Sum(nodes, new float[Length]).ToArray();

            Assert.All(buffers.Zip(kept), pair => Bits.Same(pair.Second, pair.First));
            PairwiseTree.SumInto([.. buffers.Select(buffer => buffer.AsMemory())]);
            Bits.Same(buffers[0], sum);
        }
    }
}
