using System.Diagnostics;
using System.Globalization;
using Orleans.Tbptt.Data.Custom;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>
/// An epoch over sequences whose lengths are log-uniform from 10 to 4,000 time steps: lanes take the next sequence where one has ended, and
/// PyTorch's loops pack a batch or pad it. The contestants train by turns, so that what else the machine does meets all of them alike.
/// </summary>
internal static class UnlikeLengthsComparison
{
    private const int Lanes = 32, Steps = 100, Inputs = 8, Hidden = 64;

    /// <summary>Trains the epoch, and prints what each contestant took.</summary>
    /// <param name="sequences">Sequences of the epoch.</param>
    /// <param name="slices">Turns.</param>
    public static void Run(int sequences, int slices)
    {
        using var run = PreparedRun.Prepare(Spec(sequences));
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        long chunks = new EpochPlans(run.Spec, run.Data).Training(0).Steps, elements = run.Description.Training.Steps;
        using Loop packed = new("packed", sequences), padded = new("padded", sequences);
        var own = new Taken();
        int batches = (sequences + Lanes - 1) / Lanes;
        for (int slice = 0; slice < slices; slice++)
        {
            own.Add(Train(trainer, chunks * slice / slices, chunks * (slice + 1) / slices));
            int turn = (batches * (slice + 1) / slices) - (batches * slice / slices);
            packed.Train(turn);
            padded.Train(turn);
        }

        Console.WriteLine(FormattableString.Invariant(
            $"{sequences:N0} sequences, {elements:N0} time steps; {chunks:N0} steps of {Lanes} lanes, ")
            + FormattableString.Invariant($"idle {run.Description.Lanes.IdleShare:P2}"));
        Print("fused engine", own, own, elements);
        Print($"PyTorch {packed.Version}, packed", packed.Taken, own, packed.Elements);
        Print($"PyTorch {padded.Version}, padded", padded.Taken, own, padded.Elements);
    }

    private static void Print(string name, Taken taken, Taken own, long elements) => Console.WriteLine(FormattableString.Invariant(
        $"{name,-30}{taken.Wall,8:f1} s{taken.Processor,8:f1} s of the processor{taken.Processor / own.Processor,8:f2} times; ")
        + FormattableString.Invariant($"{elements:N0} time steps trained"));

    private static (double Wall, double Processor) Train(SingleProcessTrainer trainer, long from, long to)
    {
        using var process = Process.GetCurrentProcess();
        (long wall, TimeSpan processor) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
        for (long chunk = from; chunk < to; chunk++)
            trainer.TrainStep(new(chunk, 0, chunk));
        process.Refresh();
        return (Stopwatch.GetElapsedTime(wall).TotalSeconds, (process.TotalProcessorTime - processor).TotalSeconds);
    }

    private static RunSpec Spec(int sequences) => new()
    {
        Name = "unlike-lengths",
        Engine = new FusedEngine(),
        Model = new() { Cell = new LstmCell(), HiddenSize = Hidden },
        Data = new() { Source = CustomSource.OfSequences("unlike", _ => Make(sequences)), BatchSize = Lanes },
        Tbptt = new() { ChunkLength = Steps },
        Train = new() { Epochs = 1, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
    };

    private static TimeSeries[] Make(int sequences) => [.. Enumerable.Range(0, sequences).Select(sequence =>
    {
        int length = (int)(10 * Math.Pow(400, (sequence + 1) * 0.6180339887498949 % 1));
        ulong key = CounterRandom.Derive(1, (ulong)sequence);
        float[][] inputs = [.. Enumerable.Range(0, length).Select(step => Enumerable.Range(0, Inputs)
            .Select(i => (float)CounterRandom.Normal(key, (ulong)((step * Inputs) + i))).ToArray())];
        return new TimeSeries(inputs, [.. inputs.Select(row => new[] { row.Average() })]);
    })];

    /// <summary>Seconds of the wall and of the processor.</summary>
    private sealed class Taken
    {
        public double Wall { get; private set; }

        public double Processor { get; private set; }

        public void Add((double Wall, double Processor) turn) => (Wall, Processor) = (Wall + turn.Wall, Processor + turn.Processor);
    }

    /// <summary><c>unlike_lengths.py</c> in a process of its own.</summary>
    private sealed class Loop : IDisposable
    {
        private readonly Process _process;

        public Loop(string how, int sequences)
        {
            string script = Path.Combine(AppContext.BaseDirectory, "unlike_lengths.py");
            var start = new ProcessStartInfo("python3", [script, how, $"{sequences}", $"{Steps}", $"{Lanes}", $"{Inputs}", $"{Hidden}"])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true,
            };
            start.Environment["OMP_NUM_THREADS"] = "1";
            _process = Process.Start(start)!;
            Version = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("python3 has no torch");
        }

        public string Version { get; }

        public Taken Taken { get; } = new();

        public long Elements { get; private set; }

        public void Train(int batches)
        {
            _process.StandardInput.WriteLine(batches);
            string[] cells = _process.StandardOutput.ReadLine()!.Split(' ');
            Taken.Add((Number(cells[0]), Number(cells[1])));
            Elements += long.Parse(cells[3], CultureInfo.InvariantCulture);

            static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
        }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
