using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Benchmarks.Gpu.Silos;

/// <summary>A silo with the GPU, as a process of this program, so that it can be killed.</summary>
internal sealed class SiloProcess : IDisposable
{
    /// <summary>The first argument of such a process.</summary>
    public const string Verb = "silo";

    private const string Ready = "ready";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process _process;

    private SiloProcess(Process process) => _process = process;

    /// <summary>Starts one, which has joined when this returns.</summary>
    /// <param name="store">The run store.</param>
    /// <param name="primary">The port of the silo that has the membership.</param>
    /// <param name="target">The GPU that it offers.</param>
    public static async Task<SiloProcess> StartAsync(string store, int primary, Target target)
    {
        string self = Environment.ProcessPath!;
        var start = new ProcessStartInfo(self) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "tbptt-gpu.dll"));
        foreach (string argument in (string[])
            [Verb, store, primary.ToString(CultureInfo.InvariantCulture), target.Device.Text, target.IsEmulated ? "emulated" : "real"])
            start.ArgumentList.Add(argument);
        var silo = new SiloProcess(Process.Start(start)!);
        try
        {
            string? said = await silo._process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
            return said == Ready ? silo : throw new InvalidOperationException($"the silo with the GPU did not start: {said}");
        }
        catch
        {
            silo.Dispose();
            throw;
        }
    }

    /// <summary>What such a process does: it is a silo until its standard input ends, at the latest with its parent.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var target = new Target(new DeviceName(args[3]), args[4] == "emulated");
        int[] ports = FreePorts(2);
        using var host = SiloHosts.Create(
            args[1], ports[0], ports[1], int.Parse(args[2], CultureInfo.InvariantCulture), target);
        await host.StartAsync();
        Console.WriteLine(Ready);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>Ports that nobody listens at.</summary>
    public static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (var listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (var listener in listeners)
            listener.Dispose();
        return ports;
    }

    /// <summary>Kills the process, as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
