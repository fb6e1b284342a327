using System.Diagnostics;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>
/// A step's overhead above computing with trainers on two silos: two silo processes on the loopback, one trainer each, against the same
/// two trainers in this process, each on its own thread, without messages, sums and optimizer.
/// </summary>
internal static class ExchangeCost
{
    /// <summary>Measures, and prints the results.</summary>
    /// <param name="rounds">Paired rounds.</param>
    /// <param name="model">One of the three only: <c>small</c>, <c>large</c> or <c>bfloat16</c>; null for all.</param>
    public static async Task Run(int rounds, string? model)
    {
        if (model is null or "small")
            await Measure("2,665 parameters", Small(), rounds, goal: 250);
        if (model is null or "large")
            await Measure("4.2 million parameters, float32", Large(WireKind.Full), rounds, goal: 40_000);
        if (model is null or "bfloat16")
            await Measure("4.2 million parameters, bfloat16", Large(WireKind.Bfloat16), rounds, goal: 22_000);
    }

    /// <summary>The average example's network with two lanes and two time steps, so that a step computes little.</summary>
    private static RunSpec Small()
    {
        var spec = LocalSilo.Average(epochs: 24);
        return spec with
        {
            Name = "small",
            Data = spec.Data with { BatchSize = 2, Source = new AverageSource { Sequences = 400, SequenceLength = 20 } },
            Tbptt = new() { ChunkLength = 2 },
            Train = spec.Train with { Trainers = 2, ClipNorm = 1 },
        };
    }

    /// <summary>One LSTM layer of 1,024 units: 4.2 million parameters, 17 MB of gradient.</summary>
    private static RunSpec Large(WireKind wire)
    {
        var spec = LocalSilo.Average(epochs: 6);
        return spec with
        {
            Name = "large",
            Model = new() { Cell = new LstmCell(), InputSize = 1, HiddenSize = 1024, OutputSize = 1 },
            Data = new() { Source = new SineSource { Sequences = 2, SequenceLength = 61 }, BatchSize = 2 },
            Tbptt = new() { ChunkLength = 1 },
            Train = spec.Train with { Trainers = 2, ClipNorm = 1, Wire = wire },
        };
    }

    private static async Task Measure(string title, RunSpec spec, int rounds, double goal)
    {
        List<double> whole = [], computing = [];
        for (int round = 0; round < rounds; round++)
        {
            computing.Add(Computing(spec));

            whole.Add(Settled(await TwoSilos.Train(spec)));
            Console.WriteLine($"{title}, round {round + 1}: step {whole[^1]:f0} µs, computing {computing[^1]:f0} µs");
        }

        Console.WriteLine(
            $"{title}: step {Medians.Of(whole):f0} µs, computing {Medians.Of(computing):f0} µs, above computing " +
            $"{Medians.Of(whole.Zip(computing, (step, part) => step - part)):f0} µs " +
            $"(goal: at most {goal:f0}; medians of {rounds} rounds)");
        int parameters = ParameterLayout.Of(spec.Model).Length;
        if (Gloo.Measure(parameters) is { } gloo)
            Console.WriteLine(
                $"{title}: gloo of PyTorch {gloo.Version} sums {parameters:N0} float32 numbers of two processes in " +
                $"{gloo.Microseconds:f0} µs");
    }

    /// <summary>Microseconds per chunk of each trainer, both at work at once.</summary>
    private static double Computing(RunSpec spec)
    {
        using var run = PreparedRun.Prepare(spec);
        var blocks = LaneBlock.Split(run.Spec.Data.BatchSize, run.Spec.Train.Trainers).ToArray();
        var figures = new double[blocks.Length];
        var threads = blocks.Select((block, index) => new Thread(() => figures[index] = Computing(run.Spec, run.Data, block))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return figures.Max();
    }

    private static double Computing(RunSpec spec, IDataSource data, LaneBlock block)
    {
        using var shard = new TrainerShards(spec, data, [block], Engine.Open(spec, DeviceName.Cpu));
        var plans = new EpochPlans(spec, data);
        var parameters = Tbptt.Training.Steps.InitialParameters.Of(spec, shard.Replica.Layout);
        var gradient = new float[parameters.Length];
        List<double> epochs = [];
        long step = 0;
        for (int epoch = 0; epoch < spec.Train.Epochs; epoch++)
        {
            long chunks = plans.Training(epoch).Steps, started = Stopwatch.GetTimestamp();
            for (long chunk = 0; chunk < chunks; chunk++)
                shard.TrainChunk(new(step++, epoch, chunk), parameters, gradient);
            epochs.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds / chunks);
        }

        return Settled(epochs);
    }

    /// <summary>
    /// The median of the second half. In the first half the runtime recompiles hot methods with optimizations, on threads that take most of
    /// one of two cores: a step of the small model takes six times as long at first.
    /// </summary>
    private static double Settled(IReadOnlyList<double> epochs) => Medians.Of(epochs.Skip(epochs.Count / 2));
}
