using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Benchmarks.Start;

/// <summary>What one run of <c>tbptt</c> cost.</summary>
/// <param name="Wall">Seconds from its start to its end.</param>
/// <param name="Processor">Seconds of processor time, user and system, its silo's included.</param>
/// <param name="FirstStep">Seconds from its start to the first committed step; null where it trains nothing.</param>
/// <param name="Steps">Seconds from the first committed step to the last; null where it trains nothing.</param>
/// <param name="SiloMegabytes">The most resident memory of its silo; 0 where it starts none.</param>
internal sealed record ProcessFigures(double Wall, double Processor, double? FirstStep, double? Steps, double SiloMegabytes)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs a program with its own run store, and measures it. Linux only.</summary>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0.</exception>
    public static async Task<ProcessFigures> MeasureAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        var store = Directory.CreateTempSubdirectory("tbptt-start-");
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
            if (arguments[0] is "train" or "ls")
            {
                start.ArgumentList.Add("--runs");
                start.ArgumentList.Add(store.FullName);
            }

            double before = ChildrenSeconds();
            var (began, clock) = (TimeProvider.System.GetUtcNow(), Stopwatch.GetTimestamp());
            using var process = Process.Start(start)!;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var watching = WatchMemoryAsync(store.FullName, ended.Token);
            await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            double wall = Stopwatch.GetElapsedTime(clock).TotalSeconds;
            await ended.CancelAsync();
            double megabytes = await watching;
            if (process.ExitCode != 0)
                throw new InvalidOperationException(
                    $"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode}, expected 0");
            var steps = Directory.EnumerateFiles(store.FullName, "metrics.jsonl", SearchOption.AllDirectories)
                .SelectMany(File.ReadLines).Select(RunJson.ReadEvent).OfType<StepCommitted>().Select(step => step.Time).ToList();
            return new(
                wall, ChildrenSeconds() - before, steps is [var first, ..] ? (first - began).TotalSeconds : null,
                steps is [var one, .., var last] ? (last - one).TotalSeconds : null, megabytes);
        }
        finally
        {
            store.Delete(recursive: true);
        }
    }

    /// <summary>Seconds of processor time of ended children and theirs: fields 16 and 17 of <c>/proc/self/stat</c>.</summary>
    private static double ChildrenSeconds()
    {
        string stat = File.ReadAllText("/proc/self/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)) / 100.0;
    }

    private static async Task<double> WatchMemoryAsync(string store, CancellationToken ended)
    {
        double most = 0;
        using var timer = new PeriodicTimer(Period);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
                most = Math.Max(most, SiloMegabytesNow(store));
        }
        catch (OperationCanceledException)
        {
            // The process has ended.
        }

        return most;
    }

    private static double SiloMegabytesNow(string store)
    {
        double sum = 0;
        foreach (string directory in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path[^1])))
        {
            try
            {
                string command = File.ReadAllText(Path.Combine(directory, "cmdline"));
                if (!command.Contains("tbptt-silo", StringComparison.Ordinal) || !command.Contains(store, StringComparison.Ordinal))
                    continue;
                string line = File.ReadLines(Path.Combine(directory, "status"))
                    .First(one => one.StartsWith("VmHWM:", StringComparison.Ordinal));
                string kilobytes = line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal);
                sum += double.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                // A process that ended meanwhile.
            }
        }

        return sum;
    }
}
