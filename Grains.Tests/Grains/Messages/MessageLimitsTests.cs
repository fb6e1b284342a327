using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Messages;

public sealed class MessageLimitsTests
{
    [Fact]
    public void LargestModel_PassesInOneMessage_WithRoomForHiddenState()
    {
        const int Left = MessageLimits.LargestBuffers - SpecFit.LargestModel;

        // An LSTM of 4,000 units in one layer has 64 million weights and 8,000 values of hidden state a lane.
        Assert.InRange(Left, 1000 * 8000, int.MaxValue);
    }

    [Fact]
    public void EverythingExceptTheBuffers_FitsIntoWhatIsLeft()
    {
        using ServiceProvider services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        RunSpec bytes = SpecFixture.Sound(SpecFixture.Bytes);
        // The most text that a submission may have, in characters of three bytes each.
        RunSpec largest =
            bytes with { Data = bytes.Data.From<ByteSource>(source =>
                source with { Exclude = [.. Enumerable.Range(0, (1 << 20) / 4096).Select(i => new string((char)('日' + i), 4096))] }) };
        long left = MessageLimits.LargestBody - (long)MessageLimits.LargestBuffers * sizeof(float);

        int assignment = serializer.SerializeToArray(new ShardAssignment(
            RunId.Parse(new string('a', 100)), int.MaxValue, largest, int.MaxValue, int.MaxValue, long.MaxValue, GradientBuffer.Empty,
            [])).Length;
        int contribution = serializer.SerializeToArray<TrainerReply>(
            new Contribution(GradientBuffer.Empty, GradientBuffer.Empty, double.MaxValue, double.MaxValue)).Length;

        Assert.InRange(assignment, 3 << 20, left / 4);
        Assert.InRange(contribution, 1, 1024);
    }
}
