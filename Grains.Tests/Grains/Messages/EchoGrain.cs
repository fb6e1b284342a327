using Orleans.Placement;
using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Tests.Grains.Messages;

/// <summary>Gives back what it gets, on the silo that the placement hint names.</summary>
[Alias("tbptt.tests.IEchoGrain")]
public interface IEchoGrain : IGrainWithIntegerKey
{
    [Alias("Echo")]
    Task<GradientBuffer> Echo(GradientBuffer buffer);

    [Alias("EchoFloats")]
    Task<float[]> EchoFloats(float[] values);

    /// <summary>
    /// Calls the same grain of another key, and reports whether that got the very object, how long it took, and how long as floats.
    /// </summary>
    [Alias("Pass")]
    Task<(bool Same, TimeSpan Buffer, TimeSpan Floats)> Pass(long key, int length);
}

[RandomPlacement]
internal sealed class EchoGrain : Grain, IEchoGrain
{
    private const int Rounds = 3;
    private static GradientBuffer? _last;

    public Task<GradientBuffer> Echo(GradientBuffer buffer)
    {
        _last = buffer;
        return Task.FromResult(buffer);
    }

    public Task<float[]> EchoFloats(float[] values) => Task.FromResult(values);

    public async Task<(bool Same, TimeSpan Buffer, TimeSpan Floats)> Pass(long key, int length)
    {
        var other = GrainFactory.GetGrain<IEchoGrain>(key);
        float[] values = [.. Enumerable.Range(0, length).Select(i => i * 0.5f)];
        var mine = GradientBuffer.Wrap(values);
        await other.Echo(mine);
        bool same = ReferenceEquals(_last, mine);
        List<TimeSpan> buffers = [], floats = [];
        for (int round = 0; round < Rounds; round++)
        {
            long started = System.Diagnostics.Stopwatch.GetTimestamp();
            using (var back = await other.Echo(mine))
                same &= ReferenceEquals(back, mine);
            buffers.Add(System.Diagnostics.Stopwatch.GetElapsedTime(started));
            if (!same)
                _last!.Dispose();
            started = System.Diagnostics.Stopwatch.GetTimestamp();
            await other.EchoFloats(values);
            floats.Add(System.Diagnostics.Stopwatch.GetElapsedTime(started));
        }

        return (same, buffers.Order().ElementAt(Rounds / 2), floats.Order().ElementAt(Rounds / 2));
    }
}
