using System.Diagnostics;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Benchmarks.Membership;

/// <summary>
/// Whether silos that are starved of processor time are taken for dead: silos train, processes next to them use the processors, and silos
/// join and leave meanwhile. Then, without the other processes, how soon a killed silo is noticed.
/// </summary>
internal static class MembershipUnderLoad
{
    private static readonly TimeSpan JoinPeriod = TimeSpan.FromSeconds(10);

    /// <summary>Without load, before a silo is killed: probes adapt their timeouts to the answers that they get.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(20);

    /// <summary>Measures, and prints what it finds.</summary>
    /// <param name="silos">Silos from the start.</param>
    /// <param name="busy">Busy processes.</param>
    /// <param name="time">How long.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The program's exit code: 1 where a silo was taken for dead that lived, or a killed one was noticed late.</returns>
    public static async Task<int> RunAsync(int silos, int busy, TimeSpan time, CancellationToken cancellation)
    {
        await using var cluster = await SiloCluster.StartAsync(silos, cancellation, "--http", "off", "--slots", "4");
        var spec = LocalSilo.Average(1_000_000);
        var run = await cluster.SubmitAsync(RunId.Parse("load"), spec with { Train = spec.Train with { Trainers = 2 * silos } });
        var (joins, leaves, deaths) = (new List<double>(), 0, 0);
        long began = Stopwatch.GetTimestamp();
        using (new BusyProcesses(busy))
        {
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                long asked = Stopwatch.GetTimestamp();
                try
                {
                    var joined = await cluster.JoinAsync(cancellation);
                    joins.Add(Stopwatch.GetElapsedTime(asked).TotalSeconds);
                    await Task.Delay(JoinPeriod, cancellation);
                    await LeaveAsync(joined, cancellation);
                    leaves++;
                }
                catch (InvalidOperationException exception)
                {
                    deaths++;
                    Console.WriteLine(exception.Message);
                }

                Console.WriteLine(
                    $"{Stopwatch.GetElapsedTime(began).TotalSeconds,6:f0} s  load {Load(),6}  {joins.Count} joined, the last in "
                    + $"{joins.LastOrDefault():f1} s; {leaves} left; {deaths + Died(cluster)} taken for dead; step "
                    + $"{(await run.GetStatus()).Step:n0}");
            }
        }

        deaths += Died(cluster);
        foreach (string vote in Votes(cluster.Logs))
            Console.WriteLine(vote);
        var status = await run.GetStatus();
        Console.WriteLine($"{silos} silos and {busy} busy processes for {time.TotalMinutes:f0} min on {Environment.ProcessorCount} cores: "
            + $"{deaths} silos taken for dead, {joins.Count} joined in {joins.DefaultIfEmpty().Average():f1} s on average, generation "
            + $"{status.Generation}, "
            + $"step {status.Step:n0}, {status.State}");
        double noticed = await KillAsync(cluster, cancellation);
        Console.WriteLine($"a killed silo was noticed after {noticed:f1} s at load {Load()}");
        return deaths == 0 && noticed <= 3 ? 0 : 1;
    }

    private static async Task LeaveAsync(SiloProcess silo, CancellationToken cancellation)
    {
        using var terminate = Process.Start("kill", ["-TERM", $"{silo.Pid}"]);
        await silo.WaitAsync(cancellation);
    }

    /// <summary>What silos log of others that they take for dead.</summary>
    private static IEnumerable<string> Votes(string logs) => Directory.EnumerateFiles(logs, "*.log")
        .SelectMany(log => File.ReadLines(log).Where(line => line.Contains("Suspect", StringComparison.OrdinalIgnoreCase)
            || line.Contains("declar", StringComparison.OrdinalIgnoreCase) || line.Contains("dead", StringComparison.OrdinalIgnoreCase))
            .Select(line => $"{Path.GetFileName(log)}: {line}"));

    /// <summary>Silos that have ended without being asked to.</summary>
    private static int Died(SiloCluster cluster) => cluster.AllSilos.Count(silo => silo.ExitCode is not (null or 0));

    /// <summary>
    /// Kills a silo. The membership is read from its table, because the killed silo may have had any grain that is asked.
    /// </summary>
    private static async Task<double> KillAsync(SiloCluster cluster, CancellationToken cancellation)
    {
        await Task.Delay(Settling, cancellation);
        var silo = cluster.Silos[^1];
        long killed = Stopwatch.GetTimestamp();
        silo.Kill();
        while (cluster.IsActive(silo))
            await Task.Delay(20, cancellation);
        return Stopwatch.GetElapsedTime(killed).TotalSeconds;
    }

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
