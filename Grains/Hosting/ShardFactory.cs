using Microsoft.Extensions.Options;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Native;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Grains.Hosting;

/// <summary>Makes a trainer's share of a run on this silo: its data, its device, its replica.</summary>
internal sealed class ShardFactory(RunDataCache data, IOptions<TbpttGrainsOptions> options, ILocalSiloDetails silo)
{
    /// <summary>The silo as people see it: name, address and process id.</summary>
    public string SiloName { get; } = $"{silo.Name} ({silo.SiloAddress.Endpoint}, process {Environment.ProcessId})";

    /// <summary>Opens data and replica. Blocks; call it on the trainer's thread, which the replica is bound to.</summary>
    public OpenShard Open(ShardAssignment assignment)
    {
        var lease = data.Acquire(assignment.Run, assignment.Spec);
        try
        {
            var spec = assignment.Spec;
            var device = DeviceSelector.ThisMachine.Open(spec.Device == DeviceName.Auto ? options.Value.Device : spec.Device);
            var replica = new TorchReplica(spec.Model, spec.Train.Loss, device);
            return new(new(spec, lease.Data, new LaneBlock(assignment.FirstLane, assignment.Lanes), replica), lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}

/// <summary>A trainer's share with what it holds open.</summary>
internal sealed record OpenShard(TrainerShard Shard, RunDataLease Lease) : IDisposable
{
    public void Dispose()
    {
        Shard.Dispose();
        Lease.Dispose();
    }
}
