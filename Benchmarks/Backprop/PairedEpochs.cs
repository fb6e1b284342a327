using System.Globalization;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Benchmarks.Backprop;

/// <summary>Processor time of whole epochs by turns, after a round that does not count: what two ways to train cost.</summary>
/// <param name="Seconds">What the first took, the median.</param>
/// <param name="Ratios">What the second took over what the first did, round by round.</param>
internal sealed record PairedEpochs(double Seconds, IReadOnlyList<double> Ratios)
{
    /// <summary>The median ratio, and the least and the most.</summary>
    /// <param name="format">How numbers are written.</param>
    public string Ratio(string format)
    {
        return $"{Write(Medians.Of(Ratios))} ({Write(Ratios.Min())} to {Write(Ratios.Max())})";

        string Write(double ratio) => ratio.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Runs the rounds.</summary>
    public static PairedEpochs Run(int rounds, Action first, Action second)
    {
        var (seconds, ratios) = (new List<double>(), new List<double>());
        for (int round = -1; round < rounds; round++)
        {
            double one = Measure(first), other = Measure(second);
            if (round < 0)
                continue;
            seconds.Add(one);
            ratios.Add(other / one);
        }

        return new(Medians.Of(seconds), ratios);
    }

    /// <summary>Seconds of processor time.</summary>
    public static double Measure(Action work)
    {
        double before = ProcessSample.ProcessorSeconds(Environment.ProcessId);
        work();
        return ProcessSample.ProcessorSeconds(Environment.ProcessId) - before;
    }

    /// <summary>An LSTM on the fused engine, of few sequences, all in memory, so that reading them counts for little.</summary>
    public static PreparedRun Prepare(int units, int layers, int lanes, int sequences, int length, TbpttSpec tbptt, int? shards = null) =>
        PreparedRun.Prepare(new()
        {
            Name = "benchmark",
            Engine = new FusedEngine(),
            Model = new() { Cell = new LstmCell(), InputSize = 4, HiddenSize = units, Layers = layers, OutputSize = 2 },
            Data = new() { Source = new AverageSource { Sequences = sequences, SequenceLength = length }, BatchSize = lanes },
            Tbptt = tbptt,
            Train = new() { Epochs = 1, Shards = shards, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-4 } },
        });
}
