using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo;

/// <summary>A real silo whose ports are written to by somebody who is no Orleans peer.</summary>
[Collection(Processes.Name)]
public sealed class HostileNetworkTests : IDisposable
{
    private const string Cluster = "hostile";
    private const int IdleConnections = 200;

    // What 600 connections and their buffers may leave behind. One message of the announced size would be 1 or 2 GB.
    private const long MostGrowth = 128L << 20;

    private readonly string _runs = Directory.CreateTempSubdirectory("tbptt-hostile").FullName;
    private readonly List<IDisposable> _open = [];
    private Process? _silo;

    [Fact(Timeout = 180_000)]
    public async Task Silo_ContinuesServing_WhateverIsWrittenToItsPorts()
    {
        (IPEndPoint siloPort, IPEndPoint gatewayPort) = await StartSilo();
        await TrainAsClient("before");
        byte[] preamble = await CapturePreamble();
        long before = Memory();

        foreach (IPEndPoint port in new[] { siloPort, gatewayPort })
        {
            foreach ((string what, byte[] bytes) in Closed(preamble))
                await AssertCloses(port, what, bytes, TestContext.Current.CancellationToken);
            foreach (byte[] bytes in Waiting(preamble))
                await Send(port, bytes);
            for (int i = 0; i < IdleConnections; i++)
                await Send(port, []);
        }

        await TrainAsClient("after");
        long grown = Memory() - before;

        Assert.False(_silo!.HasExited);
        TestContext.Current.TestOutputHelper!.WriteLine($"the silo grew by {grown >> 20} MiB, from {before >> 20} MiB");
        Assert.InRange(grown, long.MinValue, MostGrowth);
    }

    public void Dispose()
    {
        foreach (IDisposable open in _open)
            open.Dispose();
        if (_silo is not null)
        {
            _silo.Kill(entireProcessTree: true);
            _silo.WaitForExit();
            _silo.Dispose();
        }

        Directory.Delete(_runs, recursive: true);
    }

    /// <summary>What a silo closes the connection at.</summary>
    private static IEnumerable<(string What, byte[] Bytes)> Closed(byte[] preamble)
    {
        var random = new Random(11);
        for (int i = 0; i < 20; i++)
        {
            var noise = new byte[1 << 16];
            random.NextBytes(noise);
            yield return ($"random bytes, number {i}", [.. Length(int.MinValue | random.Next()), .. noise]);
        }

        yield return ("a preamble of 2 GB", Length(int.MaxValue));
        yield return ("a preamble of no bytes", Length(0));
        yield return ("a preamble of other bytes", [.. Length(500), .. Enumerable.Repeat((byte)0xff, 500)]);
        yield return ("HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        yield return ("a body of 2 GB", [.. preamble, .. Length(16), .. Length(int.MaxValue), .. new byte[100]]);
        yield return ("a header of 2 GB", [.. preamble, .. Length(int.MaxValue), .. Length(16), .. new byte[100]]);
        yield return ("a header and a body below zero", [.. preamble, .. Length(-1), .. Length(-1), .. new byte[100]]);
    }

    /// <summary>What a silo waits for the rest of, or throws away.</summary>
    private static IEnumerable<byte[]> Waiting(byte[] preamble)
    {
        var random = new Random(12);
        yield return [1];
        yield return preamble[..^1];
        yield return [.. preamble, .. Length(16), .. Length(1 << 30), .. new byte[1 << 20]];
        for (int i = 0; i < 50; i++)
        {
            var noise = new byte[random.Next(1, 4096)];
            random.NextBytes(noise);
            int header = random.Next(1, noise.Length + 1);
            yield return [.. preamble, .. Length(header), .. Length(noise.Length - header), .. noise];
        }
    }

    private static byte[] Length(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    /// <summary>What a client of this cluster says first, taken from one that was sent to a listener of ours.</summary>
    private static async Task<byte[]> CapturePreamble()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Cluster, "tbptt"));
            client.UseStaticClustering((IPEndPoint)listener.LocalEndpoint);
        });
        using IHost host = builder.Build();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task starting = host.StartAsync(ended.Token);
        using TcpClient peer = await listener.AcceptTcpClientAsync(cancellation);
        NetworkStream stream = peer.GetStream();
        var length = new byte[4];
        await stream.ReadExactlyAsync(length, cancellation);
        var preamble = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        await stream.ReadExactlyAsync(preamble, cancellation);
        peer.Close();
        listener.Stop();
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
        return [.. length, .. preamble];
    }

    private static async Task AssertCloses(IPEndPoint port, string what, byte[] bytes, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(port, cancellation);
        NetworkStream stream = client.GetStream();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            await stream.WriteAsync(bytes, limit.Token);
            // The silo may say its own preamble first.
            while (await stream.ReadAsync(new byte[4096], limit.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Closed with bytes of ours unread, which the system reports as a reset.
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{port}: the silo keeps a connection open after {what}");
        }
    }

    private async Task Send(IPEndPoint port, byte[] bytes)
    {
        var client = new TcpClient();
        _open.Add(client);
        await client.ConnectAsync(port, TestContext.Current.CancellationToken);
        try
        {
            await client.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The silo may have closed it already.
        }
    }

    private async Task<(IPEndPoint Silo, IPEndPoint Gateway)> StartSilo()
    {
        SiloProgram program = SiloProgram.Find(AppContext.BaseDirectory);
        _silo = Process.Start(program.StartInfo(["--runs", _runs, "--local", "--cluster-id", Cluster]))!;
        string line = await _silo.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
            ?? throw new InvalidOperationException("the silo said nothing");
        using JsonDocument ready = JsonDocument.Parse(line);
        IPEndPoint At(string name) => IPEndPoint.Parse(ready.RootElement.GetProperty(name).GetString()!);
        return (At("silo"), At("gateway"));
    }

    private async Task TrainAsClient(string run)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using ClusterConnection connection =
            await ClusterConnection.OpenAsync(Path.Combine(_runs, ".cluster", "membership.db"), Cluster, cancellation);
        SubmitReply reply = await connection.Grains.GetGrain<ICatalogGrain>(0)
            .Submit(new(RunId.Parse(run), TestSpecs.Average().Written(), Protocol: ProtocolVersion.Current));
        Assert.Empty(reply.Problems);
        var coordinator = connection.Grains.GetGrain<ICoordinatorGrain>(run);
        List<string> lines = [];
        while (lines.Count == 0 || RunJson.ReadEvent(lines[^1]) is not RunEnded)
            lines.AddRange((await coordinator.ReadEvents(lines.Count, 10_000).WaitAsync(cancellation)).Lines);
        Assert.Equal(RunState.Completed, ((RunEnded)RunJson.ReadEvent(lines[^1])).State);
    }

    private long Memory()
    {
        _silo!.Refresh();
        return _silo.WorkingSet64;
    }
}
