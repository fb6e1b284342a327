using System.Diagnostics;
using System.Globalization;

namespace Orleans.Tbptt.Benchmarks.Tables;

/// <summary>
/// Measures how long whole processes take to read, check and prepare large tables, and with how much resident memory: <c>tbptt validate</c>
/// reads every cell as training does. Linux only.
/// </summary>
internal static class TableReading
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    /// <summary>Measures and prints a table.</summary>
    /// <param name="programs">The console, and that of another build, with which it is compared in turns where one is named.</param>
    /// <param name="directory">Where the files are.</param>
    /// <param name="files">The word of each format's source, with the file.</param>
    /// <param name="rounds">How often each program reads each file; one more round warms up and is not counted.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public static async Task RunAsync(
        IReadOnlyList<string> programs, string directory, IReadOnlyList<(string Word, string Path)> files, int rounds,
        CancellationToken cancellation)
    {
        Console.WriteLine("| format | file, MB | program | wall, s: median (least to most) | most resident, MB |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var (word, path) in files)
        {
            string spec = Path.Combine(directory, $"{word}.yaml");
            await File.WriteAllTextAsync(
                spec,
                $"model: {{hiddenSize: 4}}\ndata: {{source: \"{word}:{path}\", batchSize: 8, validationFraction: 0.1}}\n"
                + "tbptt: {chunkLength: 50}\ntrain: {epochs: 1, loss: mse, optimizer: {name: adam, lr: 1e-3}}\n", cancellation);
            var seconds = programs.Select(_ => new List<double>()).ToArray();
            var megabytes = new double[programs.Count];
            for (int round = 0; round <= rounds; round++)
            {
                foreach (var (i, program) in programs.Index())
                {
                    var (wall, most) = await MeasureAsync(program, ["validate", spec], cancellation);
                    megabytes[i] = Math.Max(megabytes[i], most);
                    if (round > 0)
                        seconds[i].Add(wall);
                }
            }

            foreach (var (i, program) in programs.Index())
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {word} | {new FileInfo(path).Length / 1e6:0} | {program} | {Medians.Of(seconds[i]):0.00} ({seconds[i].Min():0.00} "
                    + $"to {seconds[i].Max():0.00}) | {megabytes[i]:0} |"));
            }
        }
    }

    private static async Task<(double Wall, double Megabytes)> MeasureAsync(
        string program, string[] arguments, CancellationToken cancellation)
    {
        long clock = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<double> most = WatchAsync(process.Id, ended.Token);
        string output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        double wall = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        await ended.CancelAsync();
        return process.ExitCode == 0 ? (wall, await most)
            : throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}, expected 0: {output}");
    }

    private static async Task<double> WatchAsync(int process, CancellationToken ended)
    {
        double most = 0;
        using var timer = new PeriodicTimer(Period);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                string? line = File.ReadLines($"/proc/{process}/status")
                    .FirstOrDefault(one => one.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null)
                {
                    string kilobytes = line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal);
                    most = double.Parse(kilobytes, CultureInfo.InvariantCulture) / 1e3;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The process has ended.
        }

        return most;
    }
}
