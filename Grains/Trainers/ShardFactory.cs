using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>Opens a trainer's shards of a run on this silo: its data, its device, its replica.</summary>
internal sealed class ShardFactory(
    RunDataCache data, SiloSelf self, SiloDevices devices, ILocalSiloDetails silo, OpenReplica open)
{
    /// <summary>The silo as people see it: name, address and process id.</summary>
    public string SiloName => self.Title;

    /// <summary>The silo's address as Orleans writes it.</summary>
    public string SiloAddress { get; } = silo.SiloAddress.ToParsableString();

    /// <summary>Keeps a run's open data open until the result is disposed of: then of a file that has grown the new part is read.</summary>
    public IDisposable HoldData(RunId run) => data.Hold(run);

    /// <summary>A replica's device is lost.</summary>
    public void Lose(DeviceLostException problem) => devices.Lose(problem);

    /// <summary>Opens data and replica. Blocks; call it on the trainer's thread, which the replica is bound to.</summary>
    public OpenShards Open(ShardAssignment assignment)
    {
        var spec = assignment.Spec;
        var lease = data.Acquire(assignment.Run, spec, PreparedRun.EndOf(spec, assignment.Files));
        if (DataFingerprint.Compare(assignment.Files, lease.Files) is { } difference)
        {
            lease.Dispose();
            throw new InvalidDataException(difference);
        }

        try
        {
            return Open(assignment, lease, devices.Take(spec.ComputesOn));
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private OpenShards Open(ShardAssignment assignment, RunDataLease lease, DeviceName device)
    {
        IReplica? replica = null;
        try
        {
            replica = open(assignment.Spec, device);
            return new(assignment, replica, lease, () => devices.GiveBack(device));
        }
        catch
        {
            // Its threads would stay for as long as the silo lives.
            replica?.Dispose();
            devices.GiveBack(device);
            throw;
        }
    }
}
