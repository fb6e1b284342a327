using Microsoft.Extensions.Options;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>What this silo is, offers and holds.</summary>
internal sealed class SiloSelf(ILocalSiloDetails silo, IOptions<TbpttGrainsOptions> options, SiloOccupants occupants, SiloPage page,
    SiloDevices devices, LoadSampler load, TimeProvider time)
{
    /// <summary>The silo as people see it: name, address and process id.</summary>
    public string Title { get; } = $"{silo.Name} ({silo.SiloAddress.Endpoint}, process {Environment.ProcessId})";

    /// <summary>The devices for runs that leave the choice to the silo.</summary>
    /// <exception cref="DeviceUnavailableException">This machine does not have the device that the silo is configured to offer.</exception>
    public IReadOnlyList<DeviceName> Devices => devices.Offered;

    /// <summary>How many threads of trainers the silo is meant to hold: none where its only device is lost.</summary>
    public int Slots => devices.Lost.Count > 0 && devices.Offered.Count == 0 ? 0 : options.Value.Slots;

    /// <summary>The silo at this moment.</summary>
    public SiloReport Report() => new()
    {
        Name = silo.Name,
        Address = silo.SiloAddress.ToParsableString(),
        Pid = Environment.ProcessId,
        Version = ProtocolVersion.Product,
        Devices = [.. (devices.Offered is { Count: > 0 } offered ? offered : devices.Lost).Select(device => device.Text)],
        LostDevices = [.. devices.Lost.Select(device => device.Text)],
        RefusedDevices = devices.Refused,
        Gpus = load.Gpus,
        Slots = Slots,
        Trainers = [.. occupants.Trainers.Select(one => one.Trainer with { FurtherThreads = one.Slots - 1 })
            .OrderBy(one => one.Run.Text, StringComparer.Ordinal).ThenBy(one => one.Index)],
        Coordinators = [.. occupants.Coordinators.OrderBy(run => run.Text, StringComparer.Ordinal)],
        Draining = occupants.IsLeaving,
        Page = page.Address?.ToString() ?? "",
        Clock = time.GetUtcNow(),
    };
}
