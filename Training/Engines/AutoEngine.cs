using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>For each kind of device the first engine of <see cref="ComputeEngines.All"/> that computes on it.</summary>
public sealed record AutoEngine : Engine
{
    /// <inheritdoc/>
    public override string Word => "auto";

    /// <inheritdoc/>
    public override string About =>
        $"{string.Join(", ", Devices.GroupBy(kind => First(kind).Word).Select(On))}; the run says which it is and why";

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceKind> Devices => [DeviceKind.Cpu, DeviceKind.Cuda];

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceKind> TensorCoreDevices =>
        [.. Devices.Where(kind => First(kind).TensorCoreDevices.Contains(kind))];

    /// <summary>As on CPUs, because a silo chooses the device later.</summary>
    public override bool WorksByPieces => First(DeviceKind.Cpu).WorksByPieces;

    /// <inheritdoc/>
    public override bool IsSameEverywhere => Devices.Any(kind => First(kind).IsSameEverywhere);

    /// <inheritdoc/>
    public override Engine On(DeviceName device) => First(device.Kind ?? throw new ArgumentException("expected a device", nameof(device)));

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        // A silo's choice may be any device: what only CPUs compute goes to them; what they cannot compute names its engine.
        First(spec.Device.Kind ?? DeviceKind.Cpu).Check(spec, findings);
    }

    /// <inheritdoc/>
    internal override IReplica Create(
        ModelSpec model, LossSpec loss, DeviceName device, int threads = 1, PrecisionKind precision = PrecisionKind.Full) =>
        On(device).Create(model, loss, device, threads, precision);

    private Engine First(DeviceKind kind) => ComputeEngines.All.First(engine => engine != this && engine.Devices.Contains(kind));

    private static string On(IGrouping<string, DeviceKind> kinds) =>
        $"{kinds.Key} on {string.Join(" and ", kinds.Select(kind => kind.Plural))}";
}
