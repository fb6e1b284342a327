using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>The grain before the <see cref="SlotQueue"/>: looks at the silos and asks it, one run after another.</summary>
internal sealed class SlotQueueGrain(ClusterView cluster, TimeProvider time) : Grain, ISlotQueueGrain
{
    private readonly SlotQueue _queue = new(time);

    public async Task<SlotReply> Ask(SlotRequest request) => _queue.Ask(request, await Look(request));

    public async Task<SlotReply> Grow(SlotRequest request) => _queue.Grow(request, await Look(request));

    public Task Withdraw(RunId run)
    {
        _queue.Withdraw(run);
        return Task.CompletedTask;
    }

    public async Task<ScaleReply> Scale(ScaleRequest request) => _queue.Scale(request, await Look(request.Slots));

    private async Task<IReadOnlyList<SiloReport>> Look(SlotRequest request)
    {
        var silos = await cluster.Look();
        var suitable = request.Device is { } device ? DeviceKinds.Suitable(silos, device, request.Kind) : silos;
        return [.. suitable.Select(silo => silo.Report)];
    }
}
