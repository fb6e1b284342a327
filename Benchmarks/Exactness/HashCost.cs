using System.CommandLine;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Benchmarks.Exactness;

/// <summary>
/// What the hash of the state adds to a chunk-step: processor time of the same steps with and without it, by turns, by the single-process
/// trainer with the fused engine. What else the machine does makes a turn longer and never shorter, so the least times are compared, too.
/// Linux only.
/// </summary>
internal static class HashCost
{
    /// <summary>The command.</summary>
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 40 };
        var command = new Command("state-hash", "Compares a step with the hash of the state after it with one without.") { rounds };
        command.SetAction((parsed, _) =>
        {
            Compare(parsed.GetValue(rounds));
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Compare(int rounds)
    {
        Console.WriteLine(
            "| units | lanes × time steps | parameters | µs a step | with / without, median (quartiles) | the same of the least times |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var (units, lanes, length) in
            ((int, int, int)[])[(20, 10, 10), (128, 10, 10), (128, 32, 35), (512, 32, 35), (1024, 32, 35)])
        {
            using var without = new Contestant(units, lanes, length, hashes: false);
            using var with = new Contestant(units, lanes, length, hashes: true);
            var (ratios, least) = (new List<double>(), (With: double.MaxValue, Without: double.MaxValue));
            for (int round = -1; round < rounds; round++)
            {
                // Who goes first alternates, so that what changes in time affects both alike.
                double second = round % 2 == 0 ? with.Train() : 0;
                double first = without.Train();
                if (second == 0)
                    second = with.Train();
                if (round < 0)
                    continue;
                least = (Math.Min(least.With, second), Math.Min(least.Without, first));
                ratios.Add(second / first);
            }

            ratios.Sort();
            Console.WriteLine(FormattableString.Invariant(
                $"| {units} | {lanes} × {length} | {with.Parameters:N0} | {least.Without * 1e6 / with.Steps:f0} | ")
                + FormattableString.Invariant(
                    $"{Medians.Of(ratios):f3} ({ratios[ratios.Count / 4]:f3} to {ratios[ratios.Count * 3 / 4]:f3}) | ")
                + FormattableString.Invariant($"{least.With / least.Without:f3} |"));
        }
    }

    private sealed class Contestant : IDisposable
    {
        private const int Chunks = 40;

        private readonly PreparedRun _run;
        private readonly SingleProcessTrainer _trainer;
        private readonly int _epochs;
        private int _epoch;

        public Contestant(int units, int lanes, int length, bool hashes)
        {
            // Few sequences, all in memory, so that reading them counts for little.
            _run = PreparedRun.Prepare(new()
            {
                Name = "hash",
                Engine = new FusedEngine(),
                Model = new() { Cell = new LstmCell(), InputSize = units, HiddenSize = units, Layers = 1, OutputSize = units / 2 },
                Data = new() { Source = new AverageSource { Sequences = lanes, SequenceLength = Chunks * length }, BatchSize = lanes },
                Tbptt = new() { ChunkLength = length },
                Train = new() { Epochs = 1, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-4 } },
                Metrics = new() { StateHash = hashes },
            });
            _trainer = new(_run.Spec, _run.Data, () => Engine.Open(_run.Spec, DeviceName.Cpu));
            double work = (double)units * units * lanes * length;
            _epochs = Math.Max(1, (int)(6e8 / (work * Chunks * 2)));
        }

        public int Parameters => _trainer.State.Parameters.Length;

        public long Steps => _epochs * new EpochPlans(_run.Spec, _run.Data).Training(0).Steps;

        /// <summary>Trains some epochs and returns the seconds of processor time that they took.</summary>
        public double Train()
        {
            long chunks = new EpochPlans(_run.Spec, _run.Data).Training(0).Steps;
            double before = ProcessSample.ProcessorSeconds(Environment.ProcessId);
            for (int epoch = 0; epoch < _epochs; epoch++, _epoch++)
            {
                for (long chunk = 0; chunk < chunks; chunk++)
                    _trainer.TrainStep(new(_trainer.State.Step, _epoch, chunk));
            }

            return ProcessSample.ProcessorSeconds(Environment.ProcessId) - before;
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _run.Dispose();
        }
    }
}
