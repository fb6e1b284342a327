using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;

namespace Orleans.Tbptt.Benchmarks.Sweeps;

/// <summary>
/// What a sweep over 8 schedules that part at half time costs next to eight runs: steps, and processor time of the process with the silo,
/// by turns. Each turn has a seed of its own, so that no trial is answered by a run before.
/// </summary>
internal static class SharingCost
{
    private const int Epochs = 8, StepsPerEpoch = 300, AtOnce = 4;
    private static readonly double[] Gammas = [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 5 };
        var units = new Option<int>("--units") { Description = "Units of the network.", DefaultValueFactory = _ => 64 };
        var command = new Command("sweep-sharing", "Compares a sweep over 8 schedules that part at half time with eight runs.")
        {
            rounds, units,
        };
        command.SetAction((parsed, _) => Compare(parsed.GetValue(rounds), parsed.GetValue(units)));
        return command;
    }

    private static async Task Compare(int rounds, int units)
    {
        await using var silo = await LocalSilo.Start();
        Console.WriteLine("| round | eight runs, s of processor | sweep | sweep / runs | steps of the sweep / of the runs |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        var ratios = new List<double>();
        for (int round = -1; round < rounds; round++)
        {
            int seed = 2 * (round + 2);

            // Who goes first alternates, so that what changes in time affects both alike.
            var sweep = round % 2 == 0 ? await Measured(() => Sweep(silo, seed, units)) : default;
            var runs = await Measured(() => Runs(silo, seed + 1, units));
            if (round % 2 != 0)
                sweep = await Measured(() => Sweep(silo, seed, units));
            if (round < 0)
                continue;
            ratios.Add(sweep.Seconds / runs.Seconds);
            Console.WriteLine(FormattableString.Invariant(
                $"| {round + 1} | {runs.Seconds:f2} | {sweep.Seconds:f2} | {ratios[^1]:f3} | {(double)sweep.Steps / runs.Steps:f4} |"));
        }

        ratios.Sort();
        Console.WriteLine(FormattableString.Invariant($"median {Medians.Of(ratios):f3} ({ratios[0]:f3} to {ratios[^1]:f3})"));
    }

    private static async Task<(double Seconds, long Steps)> Measured(Func<Task<long>> work)
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        long steps = await work();
        process.Refresh();
        return ((process.TotalProcessorTime - before).TotalSeconds, steps);
    }

    private static async Task<long> Runs(LocalSilo silo, int seed, int units)
    {
        foreach (double[] some in Gammas.Chunk(AtOnce))
        {
            await Task.WhenAll(some.Select(gamma => silo.Train(RunId.Parse(Id($"run-{seed}-{gamma}")), Spec(seed, units) with
            {
                Train = Spec(seed, units).Train with { Schedule = new StepSchedule { Every = Half, Gamma = gamma } },
            })));
        }

        return Gammas.Length * (long)Epochs * StepsPerEpoch;
    }

    private static async Task<long> Sweep(LocalSilo silo, int seed, int units)
    {
        string schedules = string.Join(", ", Gammas.Select(gamma => Id($"{{name: step, every: {Half}, gamma: {gamma}}}")));
        var status = await silo.Sweep(
            RunId.Parse($"sweep-{seed}"),
            $"spec: base.yaml\nparameters: {{train.schedule: [{schedules}]}}\nstrategy: grid\nparallel: {AtOnce}\n", Spec(seed, units));
        return status.Trials.Sum(trial => trial.Steps);
    }

    private static int Half => Epochs * StepsPerEpoch / 2;

    private static RunSpec Spec(int seed, int units)
    {
        var spec = LocalSilo.Average(Epochs);
        return spec with { Seed = seed, Model = spec.Model with { HiddenSize = units } };
    }

    private static string Id(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
