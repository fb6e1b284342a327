using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Benchmarks.Speculation;

/// <summary>
/// Steps per second of a run one of whose silos is stopped and continued at random, with and without speculation. Each measurement has a
/// cluster of its own; both of a round have the same stops, and which is first alternates.
/// </summary>
internal static class StoppedSilo
{
    private const long StepsBefore = 200;
    private static readonly (double Least, double Most) Stop = (0.5, 2);
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Measures, and prints what it finds.</summary>
    /// <param name="rounds">Paired rounds.</param>
    /// <param name="silos">Silos, with a slot and a trainer each.</param>
    /// <param name="time">How long a measurement lasts.</param>
    /// <param name="gap">Seconds that the silo runs at most between two stops.</param>
    /// <param name="units">Units of the model.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task RunAsync(int rounds, int silos, TimeSpan time, double gap, int units, CancellationToken cancellation)
    {
        Console.WriteLine("| round | undisturbed, steps/s | waiting | speculating | times | moves |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        List<double> ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            SpeculationKind[] order = [SpeculationKind.Off, SpeculationKind.Auto];
            var found = new Dictionary<SpeculationKind, Measured>();
            foreach (var kind in round % 2 == 0 ? order : order.Reverse())
                found[kind] = await MeasureAsync(kind, silos, time, new Random(round), gap, units, cancellation);
            var (off, auto) = (found[SpeculationKind.Off], found[SpeculationKind.Auto]);
            ratios.Add(auto.Disturbed / off.Disturbed);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {round + 1} | {(off.Undisturbed + auto.Undisturbed) / 2:f0} | {off.Disturbed:f0} | {auto.Disturbed:f0} | "
                + $"{ratios[^1]:f2} | {auto.Moves} |"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{silos} silos with a slot and a trainer each, {units} units, one silo stopped for {Stop.Least} to {Stop.Most} s and "
            + $"continued for 0 to {gap} s, {time.TotalSeconds:f0} s a measurement: {Medians.Of(ratios):f2} times the steps, "
            + $"median of {rounds}"));
    }

    private static async Task<Measured> MeasureAsync(
        SpeculationKind kind, int silos, TimeSpan time, Random random, double gap, int units, CancellationToken cancellation)
    {
        await using var cluster = await SiloCluster.StartAsync(silos, cancellation, "--http", "off", "--slots", "1");
        var spec = Spec(kind, silos, units);
        var run = await cluster.SubmitAsync(RunId.Parse("stopped"), spec);
        RunStatus status;
        do
        {
            await Task.Delay(Look, cancellation);
            status = await run.GetStatus();
        }
        while (status.Step < StepsBefore && !status.HasEnded);

        var home = await cluster.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(run, cancellation);
        var victim = cluster.Silos.First(silo => !silo.Silo.Equals(home!.Endpoint));
        double undisturbed = await RateAsync(run, () => Task.Delay(Undisturbed, cancellation));
        double disturbed = await RateAsync(run, () => StopAgainAndAgain(victim, time, random, gap, cancellation));
        if (victim.ExitCode is { } code)
            throw new InvalidOperationException($"the silo that was stopped was taken for dead, and ended with exit code {code}");
        int moves = 0;
        long last = (await run.GetStatus()).LastEvent;
        for (long read = 0; read < last;)
        {
            var page = await run.ReadEvents(read, 10_000);
            moves += page.Lines.Select(RunJson.ReadEvent).Count(one => one is TrainersMoved);
            read = page.Last;
        }

        return new(undisturbed, disturbed, moves);
    }

    /// <summary>Steps per second while something is done.</summary>
    private static async Task<double> RateAsync(ICoordinatorGrain run, Func<Task> during)
    {
        long before = (await run.GetStatus()).Step, began = Stopwatch.GetTimestamp();
        await during();
        long after = (await run.GetStatus()).Step;
        return (after - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task StopAgainAndAgain(
        SiloProcess silo, TimeSpan time, Random random, double gap, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            Signal(silo, "-STOP");
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(Stop.Least + (random.NextDouble() * (Stop.Most - Stop.Least))), cancellation);
            }
            finally
            {
                Signal(silo, "-CONT");
            }

            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * gap), cancellation);
        }
    }

    private static void Signal(SiloProcess silo, string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{silo.Pid}"]);
        kill.WaitForExit();
    }

    private static RunSpec Spec(SpeculationKind kind, int trainers, int units)
    {
        var spec = LocalSilo.Average(1_000_000);
        return spec with
        {
            Speculate = kind,
            Metrics = spec.Metrics with { Every = 1_000, StateHash = false },
            Model = spec.Model with { Cell = new LstmCell(), HiddenSize = units },
            Data = spec.Data with
            {
                Source = new AverageSource { Sequences = 30 * trainers, SequenceLength = 100 }, BatchSize = 4 * trainers,
            },
            Train = spec.Train with { Trainers = trainers },
        };
    }

    private readonly record struct Measured(double Undisturbed, double Disturbed, int Moves);
}
