using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos.Network;

/// <summary>
/// A wire between machines that delivers packets late and loses some of them: TUN devices, whose packets this process passes on. (Linux has
/// this as <c>tc netem</c>, but not every kernel has it built in.)
/// </summary>
internal sealed partial class SlowWire : IDisposable
{
    private const int LargestPacket = 1 << 16;
    private const int Destination = 16;
    private const int PollMilliseconds = 100;
    private const short ReadyToRead = 1;
    private const uint SetInterface = 0x400454ca;
    private const short TunWithoutHeader = 0x1001;
    private static int _count;

    private readonly TimeSpan _delay;
    private readonly double _loss;
    private readonly Dictionary<uint, Port> _ports = [];
    private readonly List<Thread> _threads = [];
    private volatile bool _ended;

    /// <summary>Makes a wire.</summary>
    /// <param name="delay">From a packet's sending to its delivery.</param>
    /// <param name="loss">The share of packets that are lost.</param>
    public SlowWire(TimeSpan delay, double loss) => (_delay, _loss) = (delay, loss);

    /// <summary>Packets that were lost.</summary>
    public long Lost { get; private set; }

    /// <summary>Gives a machine, or where there is none this one, a device on the wire. All before <see cref="Start"/>.</summary>
    public void Join(string? machine, IPAddress address)
    {
        var device = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        string name = $"tw{Environment.ProcessId}x{Interlocked.Increment(ref _count)}";
        byte[] request = new byte[40];
        Encoding.ASCII.GetBytes(name, request);
        BinaryPrimitives.WriteInt16LittleEndian(request.AsSpan(16), TunWithoutHeader);
        if (Control(device, SetInterface, request) != 0)
            throw new InvalidOperationException($"cannot make {name}: {Marshal.GetLastPInvokeErrorMessage()}");
        if (machine is not null)
            Tool.Run("ip", "link", "set", name, "netns", machine);
        string[] inside = machine is null ? [] : ["-n", machine];
        Tool.Run("ip", [.. inside, "address", "add", $"{address}/24", "dev", name]);
        Tool.Run("ip", [.. inside, "link", "set", name, "up"]);
        _ports[BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes())] = new(device);
    }

    /// <summary>Begins to pass packets on.</summary>
    public void Start()
    {
        foreach (var port in _ports.Values)
        {
            _threads.Add(new Thread(() => Receive(port)) { IsBackground = true, Name = "slow wire in" });
            _threads.Add(new Thread(() => Deliver(port)) { IsBackground = true, Name = "slow wire out" });
        }

        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Takes the devices away.</summary>
    public void Dispose()
    {
        _ended = true;
        _threads.ForEach(thread => thread.Join());
        foreach (var port in _ports.Values)
            port.Device.Dispose();
    }

    private void Receive(Port port)
    {
        byte[] packet = new byte[LargestPacket];
        var random = new Random((int)port.Device.DangerousGetHandle());
        while (!_ended)
        {
            var wanted = new Polled { File = (int)port.Device.DangerousGetHandle(), Events = ReadyToRead };
            if (Poll(ref wanted, 1, PollMilliseconds) <= 0)
                continue;
            nint read = Read(port.Device, packet, (nuint)packet.Length);
            if (read < 0)
                return; // The machine is gone.
            if (read <= Destination || !_ports.TryGetValue(BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(Destination)), out var to))
                continue;
            if (random.NextDouble() < _loss)
                Lost++;
            else
                to.Waiting.Add((Stopwatch.GetTimestamp(), packet[..(int)read]));
        }
    }

    private void Deliver(Port port)
    {
        // The delay is the same for all packets, so they leave in the order in which they came. What a machine that is gone would have got
        // is lost.
        while (!_ended)
        {
            if (!port.Waiting.TryTake(out var next, PollMilliseconds))
                continue;
            var rest = _delay - Stopwatch.GetElapsedTime(next.Sent);
            if (rest > TimeSpan.Zero)
                port.Pause.Wait(rest);
            _ = Write(port.Device, next.Packet, (nuint)next.Packet.Length);
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, byte[] argument);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref Polled files, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeFileHandle file, byte[] buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(SafeFileHandle file, byte[] buffer, nuint length);

    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int File;
        public short Events;
        public short Returned;
    }

    private sealed record Port(SafeFileHandle Device)
    {
        public BlockingCollection<(long Sent, byte[] Packet)> Waiting { get; } = [];

        /// <summary>Never set: waited for with a timeout, because sleeping is banned.</summary>
        public ManualResetEventSlim Pause { get; } = new();
    }
}
