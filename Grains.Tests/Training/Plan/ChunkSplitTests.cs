using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Tests.Training.Plan;

public sealed class ChunkSplitTests
{
    [Fact]
    public void ChunkCount_CutsAsTensorSplit_ForEveryLengthAndCount()
    {
        for (int length = 1; length <= 50; length++)
        {
            for (int count = 1; count <= 60; count++)
                Assert.Equal(NaivePlan.ByCount(length, count), Lengths(ChunkSplit.OfCount(count), length));
        }
    }

    [Theory]
    [InlineData(7, 3, "3 2 2")]
    [InlineData(10, 4, "3 3 2 2")]
    [InlineData(8, 4, "2 2 2 2")]
    [InlineData(3, 5, "1 1 1")]
    public void ChunkCount_GivesTheFiguresOfTorch(int length, int count, string expected) =>
        Assert.Equal(expected, string.Join(' ', Lengths(ChunkSplit.OfCount(count), length)));

    [Fact]
    public void ChunkLength_CutsWithAShorterLastChunk_ForEveryLength()
    {
        for (int length = 1; length <= 50; length++)
        {
            for (int k = 1; k <= 60; k++)
                Assert.Equal(NaivePlan.ByLength(length, k), Lengths(ChunkSplit.OfLength(k), length));
        }
    }

    [Fact]
    public void Split_FollowsTheMemberThatTheSpecSets()
    {
        Assert.Equal(ChunkSplit.OfLength(7), ChunkSplit.Of(new TbpttSpec { ChunkLength = 7 }));
        Assert.Equal(ChunkSplit.OfCount(7), ChunkSplit.Of(new TbpttSpec { ChunkCount = 7 }));
        Assert.NotEqual(ChunkSplit.OfCount(7), ChunkSplit.OfLength(7));
    }

    [Fact]
    public void Split_IsRefused_WithoutALengthOrACount()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkSplit.OfLength(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkSplit.OfCount(0));
    }

    private static int[] Lengths(ChunkSplit split, int length)
    {
        var chunks = Enumerable.Range(0, split.Chunks(length)).Select(index => split.Chunk(length, index)).ToArray();
        int start = 0;
        foreach (var chunk in chunks)
        {
            Assert.Equal(start, chunk.Start);
            start += chunk.Length;
        }

        Assert.Equal(length, start);
        return [.. chunks.Select(chunk => chunk.Length)];
    }
}
