using System.Globalization;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Benchmarks.LocalSync;

/// <summary>The settings of a comparison.</summary>
/// <param name="Text">A text file; null for the project's sources.</param>
/// <param name="Epochs">Passes over it.</param>
/// <param name="Hidden">Units of the LSTM.</param>
/// <param name="Delay">The delay of each message.</param>
/// <param name="OuterLr">The outer learning rate.</param>
/// <param name="OuterMomentum">The outer momentum.</param>
/// <param name="Wires">Whether to compare wire formats at every step, instead of rounds.</param>
internal sealed record LocalSyncOptions(string? Text, int Epochs, int Hidden, TimeSpan Delay, double OuterLr, double OuterMomentum,
    bool Wires);

/// <summary>
/// A byte-level language model with four trainers, synchronised at every step and after rounds of 1, 10 and 50 steps: the loss after the
/// same bytes, the bytes sent per byte of text, and the speed over a slow network.
/// </summary>
internal static class LocalSyncComparison
{
    private const int Trainers = 4;
    private const int Lanes = 32;
    private static readonly int[] Rounds = [1, 10, 50];

    public static async Task Run(LocalSyncOptions options)
    {
        var traffic = new TrainerTraffic(options.Delay);

        // Every step by message, so that it is counted and delayed.
        await using var silo = await LocalSilo.Start(builder =>
            builder.AddIncomingGrainCallFilter(traffic).Configure<TbpttGrainsOptions>(one => one.DirectSteps = false));
        var outer = new OuterOptimizerSpec { Lr = options.OuterLr, Momentum = options.OuterMomentum };
        (string Name, Func<TrainSpec, TrainSpec> Of)[] modes = options.Wires
            ? [.. Enum.GetValues<WireKind>()
                .Select(wire => ($"wire: {wire}", (Func<TrainSpec, TrainSpec>)(train => train with { Wire = wire })))]
            :
            [
                ("every", train => train),
                .. Rounds.Select(chunks => (
                    $"local, H = {chunks}",
                    (Func<TrainSpec, TrainSpec>)(train =>
                        train with { Sync = new() { Mode = SyncMode.Local, Chunks = chunks, Outer = outer } }))),
            ];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Trainers} trainers, {Lanes} lanes, LSTM of {options.Hidden}, {options.Epochs} epochs, outer lr {outer.Lr}, " +
            $"momentum {outer.Momentum}, {options.Delay.TotalMilliseconds} ms on each message"));
        Console.WriteLine();
        Console.WriteLine(
            "| train | training loss, last epoch (bits per byte) | validation (bits per byte) | messages | bytes sent per byte trained " +
            "on | steps/s |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var (number, (name, change)) in modes.Index())
        {
            traffic.Take();
            var spec = Spec(options);
            var directory = await silo.Train(RunId.Parse($"sync-{number}"), spec with { Train = change(spec.Train) });
            var (bytes, messages) = traffic.Take();
            var journal = new JournalReader(directory.Metrics);
            var steps = journal.ReadTotal();
            var last = journal.ReadOthers(0).Lines.Select(RunJson.ReadEvent).OfType<EpochFinished>().Last();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {last.Loss / Math.Log(2):0.000} | {last.ValidationLoss / Math.Log(2):0.000} | {messages:N0} | " +
                $"{bytes / steps.Elements:N0} | {steps.Count / steps.Seconds:0.0} |"));
        }
    }

    private static RunSpec Spec(LocalSyncOptions options)
    {
        string? root = options.Text is null ? Root() : null;
        return new()
        {
            Name = "sync",
            Engine = new AutoEngine(),
            Model = new() { Cell = new LstmCell(), HiddenSize = options.Hidden, Embedding = new() { Size = 32 } },
            Data = new()
            {
                Source = new ByteSource { Glob = options.Text is { } text ? Path.GetFullPath(text) : $"{root}/**/*.cs",
                    Exclude = root is null ? [] : [$"{root}/artifacts/**"] },
                BatchSize = Lanes,
                ValidationFraction = 0.05
            },
            Tbptt = new() { ChunkLength = 50 },
            Train = new()
            {
                Trainers = Trainers,
                Epochs = options.Epochs,
                Loss = new CrossEntropy(),
                Optimizer = new Adam { Lr = 3e-3 },
                ClipNorm = 1,
            },
        };
    }

    /// <summary>The root of the source tree, above the build's output.</summary>
    private static string Root()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orleans.Tbptt.sln")))
            directory = Path.GetDirectoryName(directory)
                ?? throw new InvalidOperationException("found no solution above the benchmarks; name a text with --text");
        return directory;
    }
}
