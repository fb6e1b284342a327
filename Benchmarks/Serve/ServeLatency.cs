using System.Diagnostics;
using System.Globalization;
using System.Text;
using Orleans.Tbptt.Benchmarks.Processes;

namespace Orleans.Tbptt.Benchmarks.Serve;

/// <summary>What is measured.</summary>
/// <param name="Streams">Streams.</param>
/// <param name="Rate">Rows a second, of all streams.</param>
/// <param name="Seconds">How long.</param>
/// <param name="Units">Units of the LSTM.</param>
/// <param name="SiloCore">The core of the silo; null for any.</param>
/// <param name="ClientCore">The core of this program; null for any.</param>
/// <param name="Flush">Whether rows are flushed to the disk.</param>
/// <param name="Store">The run store; null for a temporary one.</param>
internal sealed record ServeLoad(
    int Streams, int Rate, int Seconds, int Units, string? SiloCore, string? ClientCore, bool Flush, string? Store);

/// <summary>
/// Latency of rows over HTTP. Each row is sent when its time has come, whether the answers to others have come or not, and its latency
/// counts from then: a silo that stalls is not measured more kindly because nobody asks it meanwhile.
/// </summary>
internal static class ServeLatency
{
    public static async Task RunAsync(ServeLoad load, CancellationToken cancellation)
    {
        string directory = Directory.CreateTempSubdirectory("tbptt-serve-").FullName;
        try
        {
            ServedExample.Save(ServedExample.Train(directory, load.Units), Path.Combine(directory, "wave"));
            Environment.SetEnvironmentVariable("Tbptt__Serve__Flush", load.Flush ? "true" : "false");
            using var silo = await SiloProcess.StartAsync(
                "serve",
                [
                    "--runs", load.Store ?? Path.Combine(directory, "runs"), "--cluster-id", "Serve-wave", "--http", "0", "--slots", "0",
                    "--model", $"wave={Path.Combine(directory, "wave")}",
                ],
                cancellation);
            Pin(load.SiloCore, silo.Pid);
            Pin(load.ClientCore, Environment.ProcessId);
            using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) })
            {
                BaseAddress = silo.Page!,
            };
            client.DefaultRequestHeaders.Add("X-Tbptt", "1");
            var rows = new long[load.Streams];

            // Every stream once, and then the load for some seconds: code is compiled, connections are open.
            for (int stream = 0; stream < load.Streams; stream++)
                await SendAsync(client, stream, ++rows[stream], cancellation);
            await MeasureAsync(client, load with { Seconds = 5 }, rows, cancellation);
            var before = ProcessorTime(silo.Pid);
            double[] latencies = await MeasureAsync(client, load, rows, cancellation);
            var used = ProcessorTime(silo.Pid) - before;
            Array.Sort(latencies);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"LSTM {load.Units}, {load.Streams:N0} streams, {load.Rate:N0} rows/s for {load.Seconds} s, flush {load.Flush}, "
                + $"silo on core {load.SiloCore ?? "any"}, client on {load.ClientCore ?? "any"}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"median {At(0.5):F2} ms, p90 {At(0.9):F2} ms, p99 {At(0.99):F2} ms, p99.9 {At(0.999):F2} ms, most {latencies[^1]:F1} ms; "
                + $"processor time of the silo {used.TotalMicroseconds / latencies.Length:F0} µs a row, "
                + $"{used.TotalSeconds / load.Seconds:P0} of a core"));

            double At(double share) => latencies[(int)(share * (latencies.Length - 1))];
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<double[]> MeasureAsync(HttpClient client, ServeLoad load, long[] rows, CancellationToken cancellation)
    {
        int count = load.Rate * load.Seconds;
        var latencies = new double[count];
        var answers = new Task[count];
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < count; i++)
        {
            double due = 1000.0 * i / load.Rate;
            while (clock.Elapsed.TotalMilliseconds < due)
                await Task.Yield();
            int row = i, stream = i % load.Streams;
            answers[i] = RecordAsync();

            async Task RecordAsync()
            {
                await SendAsync(client, stream, ++rows[stream], cancellation);
                latencies[row] = clock.Elapsed.TotalMilliseconds - due;
            }
        }

        await Task.WhenAll(answers);
        return latencies;
    }

    private static async Task SendAsync(HttpClient client, int stream, long row, CancellationToken cancellation)
    {
        using var content = new StringContent(
            string.Create(CultureInfo.InvariantCulture, $"{{\"first\":{row},\"rows\":[[{100 + (row * 7 % 13)}]]}}"), Encoding.UTF8,
            "application/json");
        using var answer = await client.PostAsync($"api/models/wave/streams/s{stream}", content, cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}");
        await answer.Content.ReadAsByteArrayAsync(cancellation);
    }

    /// <summary>Binds a process, all threads that it has and those that it will have, to a core.</summary>
    private static void Pin(string? core, int process)
    {
        if (core is null)
            return;
        using var taskset = Process.Start(new ProcessStartInfo("taskset", ["-a", "-p", "-c", core, $"{process}"])
        {
            RedirectStandardOutput = true,
        })!;
        taskset.WaitForExit();
    }

    private static TimeSpan ProcessorTime(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.TotalProcessorTime;
    }
}
