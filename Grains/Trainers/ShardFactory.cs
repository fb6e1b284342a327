using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>Opens a trainer's shards of a run on this silo: its data, its device, its replica.</summary>
internal sealed class ShardFactory(RunDataCache data, SiloSelf self, ILocalSiloDetails silo, OpenReplica open)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DeviceName, int> _replicas = [];

    /// <summary>The silo as people see it: name, address and process id.</summary>
    public string SiloName => self.Title;

    /// <summary>The silo's address as Orleans writes it.</summary>
    public string SiloAddress { get; } = silo.SiloAddress.ToParsableString();

    /// <summary>Keeps a run's open data open until the result is disposed of: then of a file that has grown the new part is read.</summary>
    public IDisposable HoldData(RunId run) => data.Hold(run);

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

        var device = Take(spec.ComputesOn);
        IReplica? replica = null;
        try
        {
            replica = open(spec, device);
            return new(assignment, replica, lease, () => GiveBack(device));
        }
        catch
        {
            // Its threads would stay for as long as the silo lives.
            replica?.Dispose();
            GiveBack(device);
            lease.Dispose();
            throw;
        }
    }

    /// <summary>The device asked for; of those that the silo offers by itself, the one with the fewest replicas.</summary>
    private DeviceName Take(DeviceName asked)
    {
        lock (_gate)
        {
            var device = asked != DeviceName.Auto ? asked : self.Devices.MinBy(one => _replicas.GetValueOrDefault(one));
            _replicas[device] = _replicas.GetValueOrDefault(device) + 1;
            return device;
        }
    }

    private void GiveBack(DeviceName device)
    {
        lock (_gate)
            _replicas[device]--;
    }
}
