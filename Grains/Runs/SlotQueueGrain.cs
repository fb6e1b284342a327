using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>The grain before the <see cref="SlotQueue"/>: looks at the silos and asks it, one run after another.</summary>
internal sealed class SlotQueueGrain(ClusterView cluster, TimeProvider time) : Grain, ISlotQueueGrain
{
    private readonly SlotQueue _queue = new(time);

    public async Task<SlotReply> Ask(SlotRequest request)
    {
        var silos = await cluster.Look();
        return _queue.Ask(request, [.. silos.Select(silo => silo.Report)]);
    }

    public Task Withdraw(RunId run)
    {
        _queue.Withdraw(run);
        return Task.CompletedTask;
    }
}
