using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Benchmarks.Processes;

namespace Orleans.Tbptt.Benchmarks.Soak;

/// <summary>
/// Trains the average example by <c>tbptt train</c> at full speed and samples what its two processes, console and silo, hold: whether
/// anything grows in a run of weeks. Its epochs have 30,000 steps: with the example's 300, of which it trains dozens a second, what grows
/// is the list of epochs' losses. Linux only.
/// </summary>
internal static class ProcessSoak
{
    /// <summary>Resident memory may differ by this much after the first minutes.</summary>
    private const double Tolerance = 0.05;

    /// <summary>The runtime opens and closes a few files by itself.</summary>
    private const int HandleTolerance = 8;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>Trains, samples, writes the samples and their plot, and prints what it finds.</summary>
    /// <param name="time">How long.</param>
    /// <param name="csv">The samples' file; the plot lies next to it.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The program's exit code: 1 where memory or handles were not steady.</returns>
    public static async Task<int> RunAsync(TimeSpan time, string csv, CancellationToken cancellation)
    {
        var store = Directory.CreateTempSubdirectory("tbptt-soak-");
        var samples = new List<SoakSample>();
        using var console = Start(store.FullName);
        try
        {
            var page = await PageAsync(console, cancellation);
            var lines = console.StandardOutput.BaseStream.CopyToAsync(Stream.Null, cancellation);
            int silo = Child(console.Id);
            using var http = new HttpClient { BaseAddress = page };
            using var timer = new PeriodicTimer(Period);
            long began = Stopwatch.GetTimestamp();
            do
            {
                var (heap, step) = await MetricsAsync(http, cancellation);
                samples.Add(new(Stopwatch.GetElapsedTime(began).TotalMinutes, ProcessSample.Of(silo), ProcessSample.Of(console.Id), heap,
                    step));
            }
            while (Stopwatch.GetElapsedTime(began) < time && !lines.IsCompleted && await timer.WaitForNextTickAsync(cancellation));
        }
        finally
        {
            console.Kill(entireProcessTree: true);
            await console.WaitForExitAsync(CancellationToken.None);
            store.Delete(recursive: true);
        }

        SoakSample.Write(csv, samples);
        SoakPlot.Draw(samples, Path.ChangeExtension(csv, ".png"));
        return Report(samples) ? 0 : 1;
    }

    private static Process Start(string store) => Process.Start(new ProcessStartInfo(
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Client", "release", "tbptt")),
        ["train", "examples/average.yaml", "--set", "train.epochs=10000000", "--set", "data.sequences=30000", "--runs", store, "--output",
            "plain"])
    {
        RedirectStandardOutput = true,
    })!;

    /// <summary>The address that the console prints first.</summary>
    private static async Task<Uri> PageAsync(Process console, CancellationToken cancellation)
    {
        while (await console.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith("page ", StringComparison.Ordinal))
                return new(new Uri(line["page ".Length..]), "/");
        }

        throw new InvalidOperationException($"tbptt train ended with exit code {console.ExitCode} before it trained");
    }

    private static int Child(int pid) =>
        int.Parse(File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>The silo's managed heap after its last collection, in MB, and the steps that it has committed.</summary>
    private static async Task<(double Heap, double Steps)> MetricsAsync(HttpClient http, CancellationToken cancellation)
    {
        string[] lines = (await http.GetStringAsync("/metrics", cancellation)).Split('\n');
        return (Sum("dotnet_gc_last_collection_heap_size") / (1 << 20), Sum("tbptt_step_duration_seconds_count"));

        double Sum(string name) => lines.Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    private static bool Report(IReadOnlyList<SoakSample> samples)
    {
        double settled = Math.Min(5, samples[^1].Minutes / 2);
        SoakSample[] later = [.. samples.Where(sample => sample.Minutes >= settled)];
        bool steady = true;
        foreach (var (name, of) in new (string, Func<SoakSample, ProcessSample>)[] { ("silo", one => one.Silo),
            ("console", one => one.Console) })
        {
            double[] memory = [.. later.Select(one => of(one).Megabytes)];
            int[] handles = [.. later.Select(one => of(one).Handles)], threads = [.. later.Select(one => of(one).Threads)];
            // Means of minutes, because between two collections memory rises and falls.
            double[] means = [.. later.GroupBy(one => (int)one.Minutes).Select(minute => minute.Average(one => of(one).Megabytes))];
            double growth = means.Max() / means[0] - 1;
            Console.WriteLine(
                $"{name}: {memory[0]:f0} MB after {later[0].Minutes:f1} min, {memory.Min():f0} to {memory.Max():f0} MB from then "
                + $"on, by minutes {growth:+0.0%;-0.0%}; {handles.Min()} to {handles.Max()} handles, {threads.Min()} to "
                + $"{threads.Max()} threads");
            steady &= growth <= Tolerance && handles.Max() - handles[0] <= HandleTolerance;
        }

        Console.WriteLine(
            $"{samples[^1].Steps:n0} steps in {samples[^1].Minutes:f1} min, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        return steady;
    }
}
