using System.Diagnostics;
using System.Net;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Benchmarks.Hostile;

/// <summary>
/// What hostile connections cost a silo that trains: for each kind of them, rounds of four windows, of which the second and the third have
/// the connections. The share of the steps that remains is the geometric mean over the rounds, because a machine that becomes slower or
/// faster within a round does not count in it; its standard error says what the measurement can tell. The silo's processor time for each
/// step varies less than the steps do, and has nothing of the program that makes the connections.
/// </summary>
/// <param name="window">Seconds of a window.</param>
/// <param name="rounds">Rounds for each kind.</param>
internal sealed class HostileConnections(TimeSpan window, int rounds)
{
    private const int Watchers = 500;
    private const int Halves = 500;
    private const int Junk = 5_000;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    /// <summary>Two trainers whose chunks keep two cores busy, so that what connections cost is missing in the steps.</summary>
    private static readonly RunSpec Busy = LocalSilo.Average(1_000_000) with
    {
        Model = new() { Cell = new LstmCell(), InputSize = 10, HiddenSize = 128, OutputSize = 5 },
        Data = new() { Source = new AverageSource { Sequences = 320, SequenceLength = 500 }, BatchSize = 32 },
        Train = LocalSilo.Average(1_000_000).Train with { Trainers = 2 },
    };

    /// <summary>Measures, and prints what it finds.</summary>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>
    /// The program's exit code: 1 where a kind costs more than 5 % of the steps by more than two standard errors, or the memory has not
    /// come back.
    /// </returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await using var cluster = await SiloCluster.StartAsync(1, cancellation, "--http", "127.0.0.1:0", "--slots", "4");
        var silo = cluster.Silos[0];
        var web = IPEndPoint.Parse(silo.Page!.Authority);
        (string, IPEndPoint)[] ports = [("the web port", web), ("the silo port", silo.Silo), ("the gateway port", silo.Gateway)];
        foreach (var (name, port) in ports)
        {
            await CostAsync($"{Junk} junk connections to {name}", silo,
                () => Connections.JunkAsync([port], Junk, TimeSpan.Zero, cancellation), cancellation);
        }

        await CostAsync($"{Halves} half requests, a byte a second, for 20 s,", silo, async () =>
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            end.CancelAfter(TimeSpan.FromSeconds(20));
            using var connections = new Connections();
            await connections.HalfRequestsAsync(web, Halves, end.Token);
        }, cancellation);
        var run = await cluster.SubmitAsync(RunId.Parse("hostile"), Busy);
        await MeasureAsync(run, silo, Warmup, cancellation);
        // The first viewers have the silo load and compile what serves them, and its heap grow to the size that they need; both stay.
        using (var http = new HttpClient())
            await http.GetStringAsync(new Uri(silo.Page, "runs/hostile"), cancellation);
        using (var connections = new Connections())
        {
            await connections.WatchAsync(web, "/api/runs/hostile/events", Watchers);
            await Task.Delay(window, cancellation);
        }

        await Task.Delay(window, cancellation);
        double before = ProcessSample.Of(silo.Pid).Megabytes;
        Console.WriteLine($"resident before {before:f0} MB; load {File.ReadAllText("/proc/loadavg").Trim()}");
        bool good = true;
        foreach (string path in (string[])["/api/runs/hostile/events", "/runs/hostile/live"])
        {
            good &= await RoundsAsync($"{Watchers} watchers of {path} that read nothing", run, silo, async end =>
            {
                using var connections = new Connections();
                await connections.WatchAsync(web, path, Watchers);
                await Task.Delay(Timeout.InfiniteTimeSpan, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }, cancellation);
        }

        good &= await RoundsAsync($"{Halves} half requests, a byte a second", run, silo, async end =>
        {
            using var connections = new Connections();
            await connections.HalfRequestsAsync(web, Halves, end);
        }, cancellation);
        foreach (var (name, port) in ports)
        {
            good &= await RoundsAsync($"{Junk} junk connections in 20 s to {name}", run, silo,
                end => Connections.JunkAsync([port], Junk, TimeSpan.FromSeconds(20), end), cancellation);
        }

        await Task.Delay(TimeSpan.FromMinutes(1), cancellation);
        double after = ProcessSample.Of(silo.Pid).Megabytes;
        Console.WriteLine($"resident a minute after: {after:f0} MB, {after / before:f2} of before");
        return good && after < 1.25 * before ? 0 : 1;
    }

    private static async Task CostAsync(string what, SiloProcess silo, Func<Task> attack, CancellationToken cancellation)
    {
        double used = ProcessSample.ProcessorSeconds(silo.Pid);
        await attack();
        await Task.Delay(TimeSpan.FromSeconds(2), cancellation);
        Console.WriteLine($"{what} to a silo that does nothing else: "
            + $"{ProcessSample.ProcessorSeconds(silo.Pid) - used:f2} s of processor time");
    }

    private async Task<bool> RoundsAsync(string what, ICoordinatorGrain run, SiloProcess silo, Func<CancellationToken, Task> attack,
        CancellationToken cancellation)
    {
        List<double> shares = [], costs = [];
        double most = 0;
        for (int round = 0; round < rounds; round++)
        {
            var before = await MeasureAsync(run, silo, window, cancellation);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var attacking = attack(end.Token);
            var attacked = await MeasureAsync(run, silo, 2 * window, cancellation);
            most = Math.Max(most, ProcessSample.Of(silo.Pid).Megabytes);
            await end.CancelAsync();
            await attacking;
            await Task.Delay(Settle, cancellation);
            var after = await MeasureAsync(run, silo, window, cancellation);
            shares.Add(2 * attacked.Rate / (before.Rate + after.Rate));
            costs.Add(2 * attacked.Processor / (before.Processor + after.Processor));
        }

        var (share, shareError) = Mean(shares);
        var (cost, costError) = Mean(costs);
        Console.WriteLine($"{what}: {share:f3} ± {shareError:f3} of the steps without "
            + $"({string.Join(' ', shares.Select(ratio => $"{ratio:f2}"))}), "
            + $"{cost:f3} ± {costError:f3} of the silo's processor time a step "
            + $"({string.Join(' ', costs.Select(ratio => $"{ratio:f2}"))}), {most:f0} MB resident");
        return share + 2 * shareError >= 0.95;
    }

    /// <summary>The geometric mean of ratios, and its standard error.</summary>
    private static (double Mean, double Error) Mean(List<double> ratios)
    {
        double[] logs = [.. ratios.Select(ratio => Math.Log(ratio))];
        double mean = logs.Average(), squares = logs.Sum(log => (log - mean) * (log - mean));
        return (Math.Exp(mean), Math.Exp(mean) * Math.Sqrt(squares / (logs.Length - 1) / logs.Length));
    }

    /// <summary>Steps per second, and the silo's seconds of processor time for each step, over a time.</summary>
    private static async Task<(double Rate, double Processor)> MeasureAsync(ICoordinatorGrain run, SiloProcess silo, TimeSpan time,
        CancellationToken cancellation)
    {
        var (before, used, clock) = ((await run.GetStatus()).Step, ProcessSample.ProcessorSeconds(silo.Pid), Stopwatch.GetTimestamp());
        await Task.Delay(time, cancellation);
        double steps = (await run.GetStatus()).Step - before;
        return (steps / Stopwatch.GetElapsedTime(clock).TotalSeconds, (ProcessSample.ProcessorSeconds(silo.Pid) - used) / steps);
    }
}
