using Microsoft.Extensions.Options;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>What this silo is, offers and holds.</summary>
internal sealed class SiloSelf(ILocalSiloDetails silo, IOptions<TbpttGrainsOptions> options, SiloOccupants occupants, SiloPage page,
    TimeProvider time)
{
    private readonly Lazy<IReadOnlyList<DeviceName>> _devices = new(() => Offered(options.Value.Device));

    /// <summary>The silo as people see it: name, address and process id.</summary>
    public string Title { get; } = $"{silo.Name} ({silo.SiloAddress.Endpoint}, process {Environment.ProcessId})";

    /// <summary>The devices for runs that leave the choice to the silo.</summary>
    /// <exception cref="DeviceUnavailableException">This machine does not have the device that the silo is configured to offer.</exception>
    public IReadOnlyList<DeviceName> Devices => _devices.Value;

    /// <summary>How many threads of trainers the silo is meant to hold.</summary>
    public int Slots => options.Value.Slots;

    /// <summary>The silo at this moment.</summary>
    public SiloReport Report() => new()
    {
        Name = silo.Name,
        Address = silo.SiloAddress.ToParsableString(),
        Pid = Environment.ProcessId,
        Version = ProtocolVersion.Product,
        Devices = [.. Devices.Select(device => device.Text)],
        Slots = Slots,
        Trainers = [.. occupants.Trainers.Select(one => one.Trainer with { FurtherThreads = one.Slots - 1 })
            .OrderBy(one => one.Run.Text, StringComparer.Ordinal).ThenBy(one => one.Index)],
        Coordinators = [.. occupants.Coordinators.OrderBy(run => run.Text, StringComparer.Ordinal)],
        Draining = occupants.IsLeaving,
        Page = page.Address?.ToString() ?? "",
        Clock = time.GetUtcNow(),
    };

    private static DeviceName[] Offered(DeviceName configured)
    {
        var machine = DeviceSelector.ThisMachine(configured);
        return machine.Resolve(configured) switch
        {
            { CudaIndex: not null } when configured == DeviceName.Auto =>
                [.. machine.Available().Where(device => device.CudaIndex is not null)],
            var device => [device],
        };
    }
}
