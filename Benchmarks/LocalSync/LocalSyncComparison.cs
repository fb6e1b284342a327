using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Benchmarks.LocalSync;

/// <summary>What a comparison trains.</summary>
/// <param name="Text">A text; null for the project's own sources.</param>
/// <param name="Epochs">Passes over it.</param>
/// <param name="Hidden">Units of the LSTM.</param>
/// <param name="Delay">How long each message is held up.</param>
/// <param name="OuterLr">The outer learning rate.</param>
/// <param name="OuterMomentum">The outer momentum.</param>
internal sealed record LocalSyncOptions(string? Text, int Epochs, int Hidden, TimeSpan Delay, double OuterLr, double OuterMomentum);

/// <summary>
/// A byte-level language model with four trainers, synchronised at every step and after rounds of 1, 10 and 50 steps: the loss after the same bytes, what is
/// sent for each of them, and how fast it goes over a slow network.
/// </summary>
internal static class LocalSyncComparison
{
    private const int Trainers = 4;
    private const int Lanes = 32;
    private static readonly int[] Rounds = [1, 10, 50];

    public static async Task Run(LocalSyncOptions options)
    {
        var traffic = new TrainerTraffic(options.Delay);
        await using var silo = await LocalSilo.Start(builder => builder.AddIncomingGrainCallFilter(traffic));
        var outer = new OuterOptimizerSpec { Lr = options.OuterLr, Momentum = options.OuterMomentum };
        (string Name, SyncSpec Sync)[] modes =
        [
            ("every", new()), .. Rounds.Select(chunks => ($"local, H = {chunks}", new SyncSpec { Mode = SyncMode.Local, Chunks = chunks, Outer = outer })),
        ];
        Console.WriteLine(FormattableString.Invariant(
            $"{Trainers} trainers, {Lanes} lanes, LSTM of {options.Hidden}, {options.Epochs} epochs, outer lr {outer.Lr}, momentum {outer.Momentum}, {options.Delay.TotalMilliseconds} ms on each message"));
        Console.WriteLine();
        Console.WriteLine("| train.sync | training loss, last epoch (bits per byte) | validation (bits per byte) | messages | bytes sent per byte trained on | steps/s |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var (name, sync) in modes)
        {
            traffic.Take();
            var directory = await silo.Train(RunId.Parse($"sync-{sync.Mode}-{sync.Chunks}".ToLowerInvariant()), Spec(options, sync));
            var (bytes, messages) = traffic.Take();
            RunEvent[] events = [.. (await File.ReadAllLinesAsync(directory.Metrics)).Select(RunJson.ReadEvent)];
            StepCommitted[] steps = [.. events.OfType<StepCommitted>()];
            var last = events.OfType<EpochFinished>().Last();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {last.Loss / Math.Log(2):0.000} | {last.ValidationLoss / Math.Log(2):0.000} | {messages:N0} | {bytes / steps.Sum(step => step.Weight):N0} | {steps.Length / steps.Sum(step => step.Seconds):0.0} |"));
        }
    }

    private static RunSpec Spec(LocalSyncOptions options, SyncSpec sync)
    {
        string root = Root();
        return new()
        {
            Name = "sync",
            Model = new() { HiddenSize = options.Hidden, Embedding = new() { Size = 32 } },
            Data = new()
            {
                Source = SourceKind.Bytes,
                Paths = [options.Text is { } text ? Path.GetFullPath(text) : $"{root}/**/*.cs"],
                Exclude = options.Text is null ? [$"{root}/artifacts/**"] : [],
                BatchSize = Lanes,
                ValidationFraction = 0.05,
            },
            Tbptt = new() { ChunkLength = 50 },
            Train = new()
            {
                Trainers = Trainers,
                Epochs = options.Epochs,
                Loss = LossKind.CrossEntropy,
                Optimizer = new() { Name = OptimizerKind.Adam, Lr = 3e-3 },
                ClipNorm = 1,
                Sync = sync,
            },
        };
    }

    /// <summary>The tree's root, above wherever this was built.</summary>
    private static string Root()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orleans.Tbptt.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no solution above the benchmarks; name a text with --text");
        return directory;
    }
}
