using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>Looks up this machine's devices: <see cref="DeviceSelector.ThisMachine"/>.</summary>
/// <param name="asked">The device that the silo is configured to offer.</param>
internal delegate DeviceSelector FindDevices(DeviceName asked);

/// <summary>The devices that this silo offers, leased to its trainers' replicas. One that is lost is not offered again.</summary>
/// <param name="options">The silo's options.</param>
/// <param name="find">Looks up the machine's devices.</param>
/// <param name="logger">Logs the loss of a device.</param>
internal sealed partial class SiloDevices(IOptions<TbpttGrainsOptions> options, FindDevices find, ILogger<SiloDevices> logger)
{
    private readonly Lazy<IReadOnlyList<DeviceName>> _found = new(() => Find(options.Value.Device, find));
    private readonly Lock _gate = new();
    private readonly Dictionary<DeviceName, int> _replicas = [];
    private readonly Dictionary<DeviceName, DeviceLostException> _lost = [];

    /// <summary>
    /// The devices for runs that leave the choice to the silo. When all GPUs are lost, the CPU, unless the silo is configured to offer a
    /// GPU; then none.
    /// </summary>
    /// <exception cref="DeviceUnavailableException">This machine does not have the device that the silo is configured to offer.</exception>
    public IReadOnlyList<DeviceName> Offered
    {
        get
        {
            var found = _found.Value;
            lock (_gate)
                return OfferedOf(found);
        }
    }

    /// <summary>The devices that are lost.</summary>
    public IReadOnlyList<DeviceName> Lost
    {
        get
        {
            lock (_gate)
                return [.. _lost.Keys.OrderBy(device => device.Text, StringComparer.Ordinal)];
        }
    }

    /// <summary>Those of them that have never computed here, because they did not pass their first check, with the reason.</summary>
    public IReadOnlyList<RefusedDevice> Refused
    {
        get
        {
            lock (_gate)
                return [.. _lost.Values.Where(one => one.FailedCheck).Select(one => new RefusedDevice(one.Device.Text, one.Message))
                    .OrderBy(one => one.Device, StringComparer.Ordinal)];
        }
    }

    /// <summary>How many replicas compute on each device that is offered, or has been leased.</summary>
    public IReadOnlyList<(DeviceName Device, int Replicas)> Leases
    {
        get
        {
            var found = _found.Value;
            lock (_gate)
                return [.. OfferedOf(found).Union(_replicas.Keys).Select(device => (device, _replicas.GetValueOrDefault(device)))];
        }
    }

    /// <summary>Leases the device asked for; of those that the silo offers by itself, the one with the fewest replicas.</summary>
    /// <exception cref="DeviceLostException">It is lost, or all that the silo offers are.</exception>
    public DeviceName Take(DeviceName asked)
    {
        var found = _found.Value;
        lock (_gate)
        {
            var offered = OfferedOf(found);
            var device = asked != DeviceName.Auto ? asked
                : offered.Length > 0 ? offered.MinBy(one => _replicas.GetValueOrDefault(one))
                : found[0];
            if (_lost.TryGetValue(device, out var problem))
                throw new DeviceLostException(device, problem.Message, problem) { FailedCheck = problem.FailedCheck };
            _replicas[device] = _replicas.GetValueOrDefault(device) + 1;
            return device;
        }
    }

    /// <summary>Gives a lease back.</summary>
    public void GiveBack(DeviceName device)
    {
        lock (_gate)
            _replicas[device]--;
    }

    /// <summary>A device is lost. Says so once, however many replicas computed on it.</summary>
    public void Lose(DeviceLostException problem)
    {
        var found = _found.Value;
        string offers;
        lock (_gate)
        {
            if (!_lost.TryAdd(problem.Device, problem))
                return;
            offers = OfferedOf(found) is { Length: > 0 } some ? string.Join(", ", some) : "no device";
        }

        LogLost(problem, problem.Device, offers);
    }

    private DeviceName[] OfferedOf(IReadOnlyList<DeviceName> found)
    {
        DeviceName[] left = [.. found.Where(device => !_lost.ContainsKey(device))];
        return left.Length == 0 && options.Value.Device == DeviceName.Auto ? [DeviceName.Cpu] : left;
    }

    private static DeviceName[] Find(DeviceName configured, FindDevices find)
    {
        var machine = find(configured);
        return machine.Resolve(configured) switch
        {
            { CudaIndex: not null } when configured == DeviceName.Auto =>
                [.. machine.Available().Where(device => device.CudaIndex is not null)],
            var device => [device],
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message =
        "Device {Device} is lost; this silo offers {Offered} from now on, until it is started again with the device in order")]
    private partial void LogLost(Exception exception, DeviceName device, string offered);
}
