using Orleans.Tbptt.Grains.Silos;

namespace Orleans.Tbptt.Tests.Grains.Silos;

public sealed class SiloDrainTests
{
    private readonly SiloDrain _drain = new();

    [Fact]
    public async Task Drain_IsDoneWhenTheLastOccupantLeaves_AndNotBefore()
    {
        var trainer = _drain.Enter("trainer 0 of wave-1");
        var coordinator = _drain.Enter("coordinator of wave-1");
        Assert.False(_drain.IsDraining);

        _drain.Begin();
        await _drain.Begun;
        Assert.True(_drain.IsDraining);
        Assert.Equal(["coordinator of wave-1", "trainer 0 of wave-1"], _drain.Occupants.Order());

        trainer.Dispose();
        trainer.Dispose();
        Assert.False(_drain.Drained.IsCompleted);

        coordinator.Dispose();
        await _drain.Drained;
        Assert.Empty(_drain.Occupants);
    }

    [Fact]
    public void Drain_IsDoneAtOnce_WhenNothingLivesHere()
    {
        _drain.Enter("trainer 0 of wave-1").Dispose();
        Assert.False(_drain.Drained.IsCompleted);

        _drain.Begin();
        _drain.Begin();

        Assert.True(_drain.Drained.IsCompleted);
    }

    [Fact]
    public void Drain_WaitsForWhatEntersWhileItDrains()
    {
        var first = _drain.Enter("trainer 0 of wave-1");
        _drain.Begin();
        var second = _drain.Enter("trainer 1 of wave-1");

        first.Dispose();
        Assert.False(_drain.Drained.IsCompleted);
        second.Dispose();
        Assert.True(_drain.Drained.IsCompleted);
    }
}
