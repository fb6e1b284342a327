using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Silo.Hosting;

namespace Orleans.Tbptt.Tests.Silo;

public sealed class SiloRunTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SiloDrain _drain = new();

    [Fact]
    public async Task Silo_Leaves_WhenItsLastOccupantHasMovedAway()
    {
        var occupant = _drain.Enter("trainer 0 of wave-1");
        var draining = new SiloRun(TextWriter.Null, _time).DrainAsync(_drain);
        await _drain.Begun;
        Assert.False(draining.IsCompleted);

        occupant.Dispose();

        await draining;
    }

    [Fact]
    public async Task Silo_Leaves_WhenAnOccupantWouldNotMoveInTime()
    {
        _drain.Enter("trainer 0 of wave-1");
        var draining = new SiloRun(TextWriter.Null, _time).DrainAsync(_drain);

        _time.Advance(SiloRun.DrainTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(draining.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await draining;
        Assert.False(_drain.Drained.IsCompleted);
    }
}
