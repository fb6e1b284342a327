using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>The cost of a step.</summary>
/// <param name="Microseconds">Wall-clock microseconds.</param>
/// <param name="Processor">Microseconds of processor time of all silos together, which other load does not increase.</param>
/// <param name="Bytes">Bytes of parameters, gradients and hidden state that silos send each other.</param>
/// <param name="Allocated">Allocated managed bytes.</param>
/// <param name="Collections">Full garbage collections in all steps.</param>
internal readonly record struct StepCost(double Microseconds, double Processor, double Bytes, double Allocated, int Collections);

/// <summary>Silos of this process, with sockets between them.</summary>
internal sealed class SocketSilos : IAsyncDisposable
{
    private readonly string _store = Directory.CreateTempSubdirectory("tbptt-sockets-").FullName;
    private readonly List<IHost> _hosts = [];
    private readonly MeterListener _meter = new();
    private long _bytes;

    private SocketSilos()
    {
        _meter.InstrumentPublished = (instrument, meter) =>
        {
            if (instrument.Name == "tbptt.exchange.size")
                meter.EnableMeasurementEvents(instrument);
        };
        _meter.SetMeasurementEventCallback<long>((_, size, tags, _) => Interlocked.Add(ref _bytes, tags[0].Value is "sent" ? size : 0));
        _meter.Start();
    }

    /// <summary>Bytes that silos have sent each other so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Starts silos.</summary>
    /// <param name="count">How many.</param>
    public static async Task<SocketSilos> Start(int count)
    {
        var silos = new SocketSilos();
        int[] ports = FreePorts(2 * count);
        for (int i = 0; i < count; i++)
        {
            int at = i;
            var builder = Host.CreateApplicationBuilder();
            builder.Logging.ClearProviders();
            builder.UseOrleans(silo =>
            {
                silo.UseLocalhostClustering(ports[2 * at], ports[2 * at + 1], new IPEndPoint(IPAddress.Loopback, ports[0]), "benchmark",
                    "benchmark");
                silo.AddTbptt(options =>
                {
                    options.RunsDirectory = silos._store;
                    options.Slots = 64;
                    options.GrainDirectory = new AdoNetGrainDirectory(
                        SqliteFactory.Instance, $"Data Source={Path.Combine(silos._store, "directory.db")};Pooling=False", "benchmark");
                });
            });
            var host = builder.Build();
            silos._hosts.Add(host);
            await host.StartAsync();
        }

        return silos;
    }

    /// <summary>Trains a run to its end.</summary>
    /// <returns>The cost of a step: the time after the first epoch, which warms up, everything else over the complete run.</returns>
    public async Task<StepCost> Train(RunId run, RunSpec spec)
    {
        var (bytes, collections, allocated, processor) =
            (Bytes, GC.CollectionCount(2), GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
        var coordinator = await LocalSilo.Submit(_hosts[0], run, spec);
        List<EpochFinished> epochs = [];
        for (long seen = 0; ;)
        {
            var page = await coordinator.ReadEvents(seen, 10_000);
            seen = page.Last;
            foreach (var one in page.Lines.Where(line => !line.StartsWith("{\"type\":\"step\"", StringComparison.Ordinal))
                .Select(RunJson.ReadEvent))
            {
                if (one is EpochFinished epoch)
                    epochs.Add(epoch);
                if (one is not RunEnded end)
                    continue;
                if (end.State != RunState.Completed)
                    throw new InvalidOperationException($"{run} ended as {end.State}: {end.Message}");
                double steps = epochs[^1].Step;
                double[] figures =
                    [.. epochs.Skip(1).Zip(epochs, (epoch, before) => epoch.Seconds * 1e6 / (epoch.Step - before.Step)).Order()];
                return new(
                    figures[figures.Length / 2], (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / steps,
                    (Bytes - bytes) / steps,
                    (GC.GetTotalAllocatedBytes() - allocated) / steps, GC.CollectionCount(2) - collections);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (int i = _hosts.Count - 1; i >= 0; i--)
        {
            await _hosts[i].StopAsync();
            _hosts[i].Dispose();
        }

        _meter.Dispose();
        Directory.Delete(_store, recursive: true);
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}
