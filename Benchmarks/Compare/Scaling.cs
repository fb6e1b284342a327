using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>One and two trainers of a silo against one and two independent processes, which show the machine's own limit.</summary>
/// <param name="Name">Case and engine.</param>
/// <param name="Trainers">Lane-steps per second with two trainers divided by those with one.</param>
/// <param name="Processes">The same for two independent processes of half the lanes each, over one of all lanes.</param>
internal sealed record ScalingResult(string Name, double Trainers, double Processes)
{
    /// <summary>Compares on a case.</summary>
    public static async Task<ScalingResult> Run(CompareCase one, Engine engine, int rounds, TimeSpan time)
    {
        var half = one with { Lanes = one.Lanes / 2 };
        List<double> trainers = [], processes = [];
        await using var silo = await LocalSilo.Start();
        for (int round = -1; round < rounds; round++)
        {
            double first = await Train(silo, one.Spec(engine, 1, Epochs(one)), $"one{round + 1}"),
            second = await Train(silo, one.Spec(engine, 2, Epochs(one)), $"two{round + 1}");
            double alone = (await Independent(one, engine, 1, time))[0];
            double[] two = await Independent(half, engine, 2, time);
            if (round < 0)
                continue; // warm-up
            trainers.Add(first / second);
            processes.Add(two.Sum(microseconds => alone / microseconds) / 2);
            Console.WriteLine(
                $"{one.Name}, {engine.Word}, round {round + 1}: two trainers {trainers[^1]:f2} ×, two processes {processes[^1]:f2} ×");
        }

        return new($"{one.Name}, {engine.Word}", Medians.Of(trainers), Medians.Of(processes));
    }

    private static int Epochs(CompareCase one) => one.Hidden < 100 ? 6 : 12;

    private static async Task<double> Train(LocalSilo silo, RunSpec spec, string run)
    {
        var directory = await silo.Train(RunId.Parse($"{spec.Engine.Word}{run}"), spec);
        return new JournalReader(directory.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEvent).OfType<EpochFinished>().Skip(1)
            .Average(epoch => epoch.Seconds);
    }

    /// <summary>Microseconds per chunk-step in each of a number of concurrent processes.</summary>
    private static async Task<double[]> Independent(CompareCase one, Engine engine, int count, TimeSpan time)
    {
        string program = typeof(ScalingResult).Assembly.Location;
        var running = Enumerable.Range(0, count).Select(async _ =>
        {
            var start = new ProcessStartInfo(
                "dotnet",
                [program, "one-engine", "--engine", engine.Word, "--lanes", $"{one.Lanes}", "--steps", $"{one.Steps}", "--inputs",
                    $"{one.Inputs}", "--hidden", $"{one.Hidden}",
                    "--seconds", time.TotalSeconds.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
            };
            using var process = Process.Start(start)!;
            string text = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return double.Parse(text, CultureInfo.InvariantCulture);
        });
        return await Task.WhenAll(running);
    }
}
