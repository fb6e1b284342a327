using System.Diagnostics;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Benchmarks.ChunkStep;

/// <summary>
/// The average example's chunk-step: one trainer on a silo of this process, with messages, journal and optimizer, against bare TorchSharp
/// loops of the same network. Contestants alternate, so that machine noise affects all of them alike; the result is the ratio of the
/// medians.
/// </summary>
internal static class ChunkStepComparison
{
    public static async Task Run(int rounds, int epochs)
    {
        NativeBackend.Initialize();
        var spec = LocalSilo.Average(epochs);
        RunSpec fused = spec with { Engine = new FusedEngine() }, torch = spec with { Engine = new LibtorchEngine() };
        await using var silo = await LocalSilo.Start();
        using var bare = new BareLoop(spec, flat: false);
        using var flat = new BareLoop(spec, flat: true);
        int steps = 300 * epochs;

        string[] names =
            ["silo, fused", "silo, torch", "single process, fused", "single process, torch", "bare", "bare with flat parameters"];
        var microseconds = names.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            double[] figures =
            [
                await Train(silo, fused, round), await Train(silo, torch, round), WithoutGrains(fused), WithoutGrains(torch),
                Loop(bare, steps), Loop(flat, steps),
            ];
            if (round < 0)
                continue; // warm-up
            Console.WriteLine($"round {round + 1}: {string.Join(", ", names.Zip(figures, (name, figure) => $"{name} {figure:f0} µs"))}");
            foreach (var (list, figure) in microseconds.Zip(figures))
                list.Add(figure);
        }

        double[] medians = [.. microseconds.Select(Medians.Of)];
        Console.WriteLine($"median:  {string.Join(", ", names.Zip(medians, (name, figure) => $"{name} {figure:f0} µs"))} per chunk-step");
        Console.WriteLine(
            $"silo, torch / bare {medians[1] / medians[4]:f2}, silo, torch / bare with flat parameters {medians[1] / medians[5]:f2}");
        Console.WriteLine(
            $"silo, fused / bare {medians[0] / medians[4]:f2}, silo, fused / bare with flat parameters {medians[0] / medians[5]:f2}");
    }

    /// <summary>Microseconds per step, from the run's epoch events, which exclude placing trainers and opening data.</summary>
    private static async Task<double> Train(LocalSilo silo, RunSpec spec, int round)
    {
        var directory = await silo.Train(RunId.Parse($"{spec.Engine.Word}{round + 1}"), spec);
        var epochs = new JournalReader(directory.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEvent).OfType<EpochFinished>();
        return epochs.Average(epoch => epoch.Seconds) / 300 * 1e6;
    }

    /// <summary>The same run without grains and messages; the difference is the silo's overhead.</summary>
    private static double WithoutGrains(RunSpec spec)
    {
        using var run = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(
            run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        long steps = 0, started = Stopwatch.GetTimestamp();
        trainer.Train(_ => steps++);
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / steps;
    }

    private static double Loop(BareLoop loop, int steps)
    {
        long started = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
            loop.Step();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / steps;
    }

    
}
