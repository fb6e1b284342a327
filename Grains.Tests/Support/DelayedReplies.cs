using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Holds every trainer's reply back for a random moment, so that contributions arrive in ever another order.</summary>
internal sealed class DelayedReplies(ulong seed) : IIncomingGrainCallFilter
{
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (context.InterfaceMethod.DeclaringType == typeof(ITrainerGrain))
            await Task.Delay(TimeSpan.FromMilliseconds(CounterRandom.Below(seed, (ulong)Interlocked.Increment(ref _count), 4)));
    }
}
