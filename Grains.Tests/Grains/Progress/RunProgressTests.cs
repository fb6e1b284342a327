using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Grains.Runs;

namespace Orleans.Tbptt.Tests.Grains.Progress;

public sealed class RunProgressTests : TakeoverTest
{
    [Fact]
    public void Run_IsAgainWhatItWas_WhenItsTrainersHaveFoundTheirPlaces()
    {
        var progress = Begin().Progress;

        progress.Queue(2, "waits for slots");
        Assert.Equal((RunState.Queued, 2, "waits for slots"), Shown());
        progress.Place("fused", ["fused 1", "fused 1"]);
        Assert.Equal((RunState.Starting, 0, ""), Shown());

        progress.BeginEpoch(0, 0, 10);
        progress.Queue(0, "trainer 1 is lost");
        Assert.Equal((RunState.Queued, 0, "trainer 1 is lost"), Shown());
        progress.Place("fused", ["fused 1", "fused 2"]);
        Assert.Equal((RunState.Running, 0, ""), Shown());
        Assert.Equal("fused 1; fused 2", progress.Snapshot().Arithmetic);

        (RunState, int, string) Shown() => progress.Snapshot() is var status ? (status.State, status.QueuePosition, status.Message)
            : default;
    }
}
