using System.Globalization;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>
/// The cost of a step as the numbers of trainers and silos grow. Each trainer computes one sequence step of one lane, the minimum, so that
/// coordinator, exchange and sums dominate. All silos are in this process, with sockets between them.
/// </summary>
internal static class ScalingTable
{
    /// <summary>The model of 4.2 million parameters takes few steps and few trainers, because it costs memory and time.</summary>
    private const int LargeSteps = 30;

    private static readonly int[] LargeSilos = [1, 2];
    private static readonly int[] LargeTrainers = [2, 8];

    /// <summary>
    /// Measures, and writes the table as CSV: the small model, and one of 4.2 million parameters with either wire format.
    /// </summary>
    /// <param name="steps">Steps of an epoch of the small model; the first of three epochs warms up.</param>
    /// <param name="silos">Numbers of silos.</param>
    /// <param name="trainers">Numbers of trainers; those below the number of silos are left out.</param>
    /// <param name="file">The table's file, with the plot next to it; null to print only.</param>
    public static async Task Run(int steps, IReadOnlyList<int> silos, IReadOnlyList<int> trainers, string? file)
    {
        List<string> lines =
            [
                "parameters,silos,trainers,microseconds_a_step,processor_microseconds_a_step,bytes_a_step,allocated_bytes_a_step," +
                "gen2_collections,wire",
            ];
        Console.WriteLine(lines[0]);
        foreach (int places in silos)
        {
            await using var cluster = await SocketSilos.Start(places);
            foreach (int count in trainers.Where(count => count >= places))
                await Measure(cluster, places, Spec(20, count, steps, WireKind.Full));
        }

        foreach (int places in LargeSilos)
        {
            await using var cluster = await SocketSilos.Start(places);
            foreach (int count in LargeTrainers)
            {
                foreach (var wire in (WireKind[])[WireKind.Full, WireKind.Bfloat16])
                    await Measure(cluster, places, Spec(1024, count, LargeSteps, wire));
            }
        }

        if (file is null)
            return;
        await File.WriteAllLinesAsync(file, lines);
        ScalingPlot.Draw(file, Path.ChangeExtension(file, ".png"));

        async Task Measure(SocketSilos cluster, int places, RunSpec spec)
        {
            var cost = await cluster.Train(RunId.Parse($"r{lines.Count}"), spec);
            lines.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{ParameterLayout.Of(spec.Model).Length},{places},{spec.Train.Trainers},{cost.Microseconds:f0},{cost.Processor:f0}," +
                $"{cost.Bytes:f0},{cost.Allocated:f0},{cost.Collections},{(spec.Train.IsNarrow ? "bfloat16" : "float32")}"));
            Console.WriteLine(lines[^1]);
        }
    }

    /// <summary>One lane for each trainer.</summary>
    private static RunSpec Spec(int hidden, int trainers, int steps, WireKind wire)
    {
        var spec = LocalSilo.Average(epochs: 3);
        return spec with
        {
            Model = spec.Model with { HiddenSize = hidden, InputSize = hidden > 20 ? 2 : 10, OutputSize = hidden > 20 ? 1 : 5 },
            Data = spec.Data with { BatchSize = trainers, Source = new AverageSource { Sequences = trainers, SequenceLength = steps } },
            Tbptt = new() { ChunkLength = 1 },
            Train = spec.Train with { Trainers = trainers, ClipNorm = 1, Wire = wire },
            Checkpoint = new() { EverySeconds = 3600 },
        };
    }
}
