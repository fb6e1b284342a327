using System.Net;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Steps;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class LateSilosTests
{
    private static readonly SiloAddress A = SiloAddress.New(IPAddress.Loopback, 1, 1), B = SiloAddress.New(IPAddress.Loopback, 2, 1);
    private readonly FakeTimeProvider _time = new();
    private readonly LateSilos _late = new();

    [Fact]
    public void Silo_IsLeftAlone_UntilItsPauseIsOver_AndIsLookedForOnce()
    {
        _late.Note(A, _time);
        Assert.Equal([A], _late.Paused(_time));
        Assert.False(_late.AnyIsDue(_time));

        _time.Advance(LateSilos.ShortestPause);
        Assert.Empty(_late.Paused(_time));
        Assert.True(_late.AnyIsDue(_time));

        _late.Forgive(new HashSet<SiloAddress> { A }, _time);
        Assert.False(_late.AnyIsDue(_time));
        Assert.Empty(_late.Paused(_time));
    }

    [Fact]
    public void Pause_Grows_WhereASiloIsLateAgain_OrDoesNotAnswer()
    {
        _late.Note(A, _time);
        _late.Note(B, _time);
        _time.Advance(LateSilos.ShortestPause);
        _late.Forgive(new HashSet<SiloAddress> { B }, _time);
        _late.Note(B, _time);

        _time.Advance(LateSilos.ShortestPause);
        Assert.Equal([A, B], _late.Paused(_time).Order());
        _time.Advance(LateSilos.ShortestPause);
        Assert.Empty(_late.Paused(_time));

        for (int times = 0; times < 20; times++)
            _late.Note(A, _time);
        _time.Advance(LateSilos.LongestPause);
        Assert.Empty(_late.Paused(_time));
    }
}
