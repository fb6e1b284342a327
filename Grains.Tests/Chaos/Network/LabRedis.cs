using System.Net;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Chaos.Network;

/// <summary>A Redis server that the machines of a <see cref="NetworkLab"/> reach.</summary>
internal sealed class LabRedis : IDisposable
{
    private readonly ServerProcess _process;

    private LabRedis(ServerProcess process, IPEndPoint address) => (_process, Address) = (process, address);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; }

    /// <summary>Starts the server on the lab's own address; it answers when this returns.</summary>
    public static async Task<LabRedis> StartAsync(NetworkLab lab, Workplace workplace)
    {
        string program = ServerPrograms.Require("redis-server", "redis-server"), data = workplace.File("redis");
        Directory.CreateDirectory(data);

        // Nobody else has the address, and so nobody has the port.
        var address = new IPEndPoint(lab.Hub, 6379);
        string[] arguments =
        [
            "--port", $"{address.Port}", "--bind", $"{address.Address}", "--protected-mode", "no", "--dir", data, "--save", "",
        ];
        var process =
            await ServerProcess.StartAsync(program, arguments, "Ready to accept connections", TestContext.Current.CancellationToken);
        Assert.NotNull(process);
        return new(process, address);
    }

    public void Dispose() => _process.Dispose();
}
