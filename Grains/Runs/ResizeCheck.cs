using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Whether another number of trainers may work on the shards of a run that is being trained.</summary>
/// <param name="services">What its coordinator works with.</param>
/// <param name="spec">Its spec, as its coordinator took it over.</param>
/// <param name="status">Its status.</param>
internal sealed class ResizeCheck(RunServices services, RunSpec spec, RunStatus status)
{
    /// <summary>Why not, in words; null where they may. Slots for further trainers are kept for them.</summary>
    public async Task<string?> FindProblem(int trainers)
    {
        int shards = spec.Train.ShardCount;
        if (trainers < 1 || trainers > shards)
        {
            return $"trainers: found {trainers}, expected 1 to {shards}, because the run has {shards} "
                + $"{(shards == 1 ? "shard" : "shards")}, which its model depends on"
                + (trainers > shards ? $"; for more trainers begin another run with train.shards: {trainers}" : "");
        }

        if (spec.Train.Autoscale is { } scale)
        {
            return $"train.autoscale: found {scale.Min} to {scale.Max} trainers, between which the run scales itself, expected none; "
                + $"pause the run, and continue it with 'tbptt resume {status.Id} --set train.autoscale='";
        }

        if (status.State != RunState.Running)
            return $"the run is {StateNames.Of(status.State)}, expected one that is trained; ask again when it is running";
        if (trainers <= status.Trainers.Count)
            return null;
        try
        {
            var request = RequestOf(status, spec, trainers);
            var reply = await services.Grains.GetGrain<ISlotQueueGrain>(0).Grow(request);
            return reply.Granted ? null : $"slots: {reply.Reason}; ask again when there are, or give the cluster more";
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return $"the queue of slots does not answer: {e.Message}; ask again";
        }
    }

    /// <summary>Asks for slots for a run that is trained, of silos that its trainers can go to.</summary>
    public static SlotRequest RequestOf(RunStatus status, RunSpec spec, int trainers) =>
        new(RunId.Parse(status.Id), trainers, status.Priority, status.SubmittedAt)
        {
            Device = spec.ComputesOn, Kind = DeviceKinds.Bound(spec, DeviceKinds.Kind(status.Trainers[0].Device)),
            FurtherThreads = spec.Train.Threads - 1,
        };
}
