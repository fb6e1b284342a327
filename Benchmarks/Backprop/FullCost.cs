using System.CommandLine;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Benchmarks.Backprop;

/// <summary>
/// What backpropagation through whole sequences costs per time step against truncated backpropagation in chunks of the same length, with
/// the fused engine in one process: processor time, whole epochs by turns. And the memory of one long sequence. Linux only.
/// </summary>
internal static class FullCost
{
    private sealed record Case(int Units, int Layers, int Lanes, int Piece, int Length);

    private static readonly Case[] All =
        [new(64, 1, 1, 250, 200_000), new(128, 1, 32, 35, 700), new(128, 2, 32, 50, 1000), new(512, 1, 32, 35, 350)];

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 9 };
        var steps = new Option<int>("--steps")
        {
            Description = "Measures the memory of one sequence of so many time steps instead.", DefaultValueFactory = _ => 0,
        };
        var command = new Command("full", "Compares backprop: full with truncated backpropagation, or measures its memory.")
        {
            rounds, steps,
        };
        command.SetAction((parsed, _) =>
        {
            if (parsed.GetValue(steps) is > 0 and var length)
                Memory(length);
            else
                Compare(parsed.GetValue(rounds));
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Compare(int rounds)
    {
        Console.WriteLine("| units | layers | lanes | k | chunk, µs per time step of a lane | full / chunk, median (least to most) |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var one in All)
        {
            using var chunk = new Contestant(one, Backprops.All[0]);
            using var full = new Contestant(one, new FullBackprop());
            var paired = PairedEpochs.Run(rounds, chunk.Epoch, full.Epoch);
            double microseconds = paired.Seconds * 1e6 / chunk.TimeSteps;
            string row = FormattableString.Invariant($"| {one.Units} | {one.Layers} | {one.Lanes} | {one.Piece} | {microseconds:f2} | ");
            Console.WriteLine($"{row}{paired.Ratio("f2")} |");
        }
    }

    private static void Memory(int length)
    {
        using var full = new Contestant(new(64, 1, 1, 1000, length), new FullBackprop());
        double seconds = PairedEpochs.Measure(full.Epoch);
        string peak = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        Console.WriteLine(FormattableString.Invariant($"{length:N0} time steps in one step: {seconds:f1} s of the processor, {peak}"));
    }

    private sealed class Contestant : IDisposable
    {
        private readonly PreparedRun _run;
        private readonly SingleProcessTrainer _trainer;
        private readonly long _steps;
        private int _epoch;

        public Contestant(Case one, BackpropSpec backprop)
        {
            int sequences = one.Lanes == 1 ? 1 : 2 * one.Lanes;
            _run = PairedEpochs.Prepare(
                one.Units, one.Layers, one.Lanes, sequences, one.Length, new() { ChunkLength = one.Piece, Backprop = backprop });
            _trainer = new(_run.Spec, _run.Data, () => Engine.Open(_run.Spec, DeviceName.Cpu));
            _steps = new EpochPlans(_run.Spec, _run.Data).Training(0).Steps;
            TimeSteps = (long)sequences * one.Length;
        }

        public long TimeSteps { get; }

        /// <summary>Trains an epoch.</summary>
        public void Epoch()
        {
            for (long chunk = 0; chunk < _steps; chunk++)
                _trainer.TrainStep(new(_trainer.State.Step, _epoch, chunk));
            _epoch++;
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _run.Dispose();
        }
    }
}
