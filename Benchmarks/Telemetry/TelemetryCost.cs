using System.Globalization;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Benchmarks.Telemetry;

/// <summary>
/// The cost of telemetry for a step of the average example, two trainers on one silo. Each round trains the same run once per
/// configuration, in a different order each time, so that machine noise and after-effects of one configuration affect all of them alike.
/// The result is the median of the rounds' ratios.
/// </summary>
internal static class TelemetryCost
{
    private const int StepsPerEpoch = 300;

    /// <summary>Epochs that warm up.</summary>
    private const int Skipped = 3;

    public static async Task Run(int rounds, int epochs)
    {
        NativeBackend.Initialize();
        var average = LocalSilo.Average(epochs);
        var spec = average with { Train = average.Train with { Trainers = 2 } };
        await using var plain = await LocalSilo.Start();
        await using var traced = await LocalSilo.Start(silo => silo.AddTracedCalls(), silo: 1);
        using var slow = Listening.Silent();
        (string Name, LocalSilo Silo, Func<Listening?> Listen)[] ways =
        [
            ("off", plain, () => null),
            ("off again", plain, () => null),
            ("metrics only", plain, Listening.ToMemoryWithoutTraces),
            ("all on", traced, Listening.ToMemory),
            ("collector down", traced, () => Listening.ToCollector(Listening.Unreachable())),
            ("collector never answers", traced, () => Listening.ToCollector(slow.LocalEndpoint)),
        ];

        var ratios = ways.Select(_ => (Time: new List<double>(), Processor: new List<double>())).ToArray();
        var microseconds = ways.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            var costs = new (double Time, double Processor)[ways.Length];
            int[] order = [.. Enumerable.Range(0, ways.Length)];
            new Random(round + 1).Shuffle(order);
            foreach (int way in order)
            {
                using var listening = ways[way].Listen();
                costs[way] = await Train(ways[way].Silo, spec, RunId.Parse($"round{round + 1}-{way}"));
            }

            if (round < 0)
                continue; // warm-up
            Console.WriteLine($"round {round + 1}: {string.Join(", ", ways.Zip(costs, (one, cost) => $"{one.Name} {cost.Time:f1} µs"))}");
            for (int way = 0; way < ways.Length; way++)
            {
                microseconds[way].Add(costs[way].Time);
                // The baseline is the mean of both runs without telemetry, which is less noisy than either; their ratio shows the noise.
                bool isOff = way < 2;
                ratios[way].Time.Add(costs[way].Time / (isOff ? costs[0].Time : (costs[0].Time + costs[1].Time) / 2));
                ratios[way].Processor.Add(
                    costs[way].Processor / (isOff ? costs[0].Processor : (costs[0].Processor + costs[1].Processor) / 2));
            }
        }

        for (int way = 0; way < ways.Length; way++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{ways[way].Name,-24} {Medians.Of(microseconds[way]),7:f1} µs per step, " +
                $"{100 * (Medians.Of(ratios[way].Time) - 1),5:f1} % over off, " +
                $"processor time {100 * (Medians.Of(ratios[way].Processor) - 1),5:f1} %"));
        }
    }

    /// <summary>
    /// Microseconds per step: wall clock from the epoch at the fastest decile, because other load can only slow epochs down; processor time
    /// over the complete run.
    /// </summary>
    private static async Task<(double Time, double Processor)> Train(LocalSilo silo, RunSpec spec, RunId run)
    {
        var before = Environment.CpuUsage.TotalTime;
        var directory = await silo.Train(run, spec);
        double processor = (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / (spec.Train.Epochs * StepsPerEpoch);
        var epochs = new JournalReader(directory.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEvent).OfType<EpochFinished>();
        double[] seconds = [.. epochs.Skip(Skipped).Select(epoch => epoch.Seconds).Order()];
        return (seconds[seconds.Length / 10] / StepsPerEpoch * 1e6, processor);
    }
}
