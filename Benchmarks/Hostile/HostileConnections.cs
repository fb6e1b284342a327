using System.Diagnostics;
using System.Net;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Benchmarks.Hostile;

/// <summary>
/// What hostile connections cost a silo that trains: each kind of them in windows between windows without any, steps per second as ratios
/// of neighbouring windows, and the silo's memory on the way.
/// </summary>
/// <param name="window">Seconds of a window.</param>
/// <param name="rounds">Pairs of windows for each kind.</param>
internal sealed class HostileConnections(TimeSpan window, int rounds)
{
    private const int Watchers = 500;
    private const int Halves = 500;
    private const int Junk = 5_000;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(10);

    /// <summary>Measures, and prints what it finds.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The program's exit code: 1 where the median ratio of a kind is below 0.95 or the memory has not come back.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await using var cluster = await SiloCluster.StartAsync(1, cancellation, "--http", "127.0.0.1:0", "--slots", "4");
        var silo = cluster.Silos[0];
        var web = IPEndPoint.Parse(silo.Page!.Authority);
        (string, IPEndPoint)[] ports = [("the web port", web), ("the silo port", silo.Silo), ("the gateway port", silo.Gateway)];
        foreach (var (name, port) in ports)
        {
            double used = ProcessSample.ProcessorSeconds(silo.Pid);
            await Connections.JunkAsync([port], Junk, cancellation);
            await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
            Console.WriteLine($"{Junk} junk connections to {name} of a silo that does nothing else: "
                + $"{ProcessSample.ProcessorSeconds(silo.Pid) - used:f2} s of processor time");
        }

        var run = await cluster.SubmitAsync(RunId.Parse("hostile"), LocalSilo.Average(1_000_000));
        await RateAsync(run, Warmup, cancellation);
        // The first request for a page has the silo load and compile what serves it, which stays.
        using (var http = new HttpClient())
            await http.GetStringAsync(new Uri(silo.Page, "runs/hostile"), cancellation);
        double before = ProcessSample.Of(silo.Pid).Megabytes;
        Console.WriteLine($"resident before {before:f0} MB; load {File.ReadAllText("/proc/loadavg").Trim()}");
        bool good = true;
        foreach (string path in (string[])["/api/runs/hostile/events", "/runs/hostile/live"])
        {
            good &= await PairsAsync($"{Watchers} watchers of {path} that read nothing", run, silo, async end =>
            {
                using var connections = new Connections();
                await connections.WatchAsync(web, path, Watchers);
                await Task.Delay(Timeout.InfiniteTimeSpan, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }, cancellation);
        }

        good &= await PairsAsync($"{Halves} half requests, a byte a second", run, silo, async end =>
        {
            using var connections = new Connections();
            await connections.HalfRequestsAsync(web, Halves, end);
        }, cancellation);
        foreach (var (name, port) in ports)
            good &= await PairsAsync($"{Junk} junk connections to {name}", run, silo, end => Connections.JunkAsync([port], Junk, end),
                cancellation);

        await Task.Delay(TimeSpan.FromMinutes(1), cancellation);
        double after = ProcessSample.Of(silo.Pid).Megabytes;
        Console.WriteLine($"resident a minute after: {after:f0} MB, {after / before:f2} of before");
        return good && after < 1.25 * before ? 0 : 1;
    }

    private async Task<bool> PairsAsync(string what, ICoordinatorGrain run, SiloProcess silo, Func<CancellationToken, Task> attack,
        CancellationToken cancellation)
    {
        var ratios = new List<double>();
        double most = 0;
        for (int round = 0; round < rounds; round++)
        {
            double quiet = await RateAsync(run, window, cancellation);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var attacking = attack(end.Token);
            ratios.Add(await RateAsync(run, window, cancellation) / quiet);
            most = Math.Max(most, ProcessSample.Of(silo.Pid).Megabytes);
            await end.CancelAsync();
            await attacking;
        }

        double median = Medians.Of([.. ratios]);
        Console.WriteLine($"{what}: {median:f3} of the steps without ({string.Join(' ', ratios.Select(ratio => $"{ratio:f2}"))}), "
            + $"{most:f0} MB resident");
        return median >= 0.95;
    }

    /// <summary>Steps per second over a time.</summary>
    private static async Task<double> RateAsync(ICoordinatorGrain run, TimeSpan time, CancellationToken cancellation)
    {
        var (before, clock) = ((await run.GetStatus()).Step, Stopwatch.GetTimestamp());
        await Task.Delay(time, cancellation);
        return ((await run.GetStatus()).Step - before) / Stopwatch.GetElapsedTime(clock).TotalSeconds;
    }
}
