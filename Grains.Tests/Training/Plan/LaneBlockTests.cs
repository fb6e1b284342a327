using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Tests.Training.Plan;

public sealed class LaneBlockTests
{
    [Fact]
    public void Blocks_AreContiguousAndAsEvenAsCanBe_ForEverySplit()
    {
        for (int lanes = 1; lanes <= 40; lanes++)
        {
            for (int trainers = 1; trainers <= lanes; trainers++)
            {
                var blocks = LaneBlock.Split(lanes, trainers);

                Assert.Equal(trainers, blocks.Length);
                Assert.Equal(Enumerable.Range(0, lanes), blocks.SelectMany(block => Enumerable.Range(block.First, block.Count)));
                Assert.InRange(blocks[0].Count - blocks[^1].Count, 0, 1);
                Assert.Equal(blocks.OrderByDescending(block => block.Count), blocks);
            }
        }
    }

    [Fact]
    public void Split_IsRefused_WithMoreTrainersThanLanesOrNone()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LaneBlock.Split(3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => LaneBlock.Split(3, 0));
    }
}
