using System.Diagnostics;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Benchmarks.Checkpoints;

/// <summary>
/// The cost of a checkpoint: the copy of the state, which is all that a step waits for, and the writing and verified reading in the
/// background.
/// </summary>
internal static class CheckpointCost
{
    public static void Run(int rounds, string? directory)
    {
        string root = directory ?? Directory.CreateTempSubdirectory("tbptt-checkpoints-").FullName;
        Measure(root, rounds, inputs: 10, hidden: 20, outputs: 5, lanes: 10);
        Measure(root, rounds, inputs: 1, hidden: 1024, outputs: 1, lanes: 32);
        if (directory is null)
            Directory.Delete(root, recursive: true);
    }

    private static void Measure(string root, int rounds, int inputs, int hidden, int outputs, int lanes)
    {
        var spec = LocalSilo.Average(1) with
        {
            Model = new() { Cell = new LstmCell(), InputSize = inputs, HiddenSize = hidden, OutputSize = outputs },
            Data = new() { Source = new SineSource(), BatchSize = lanes },
        };
        var state = new TrainingState(spec);
        var store = new CheckpointStore(new RunStore(Options.Create(new TbpttGrainsOptions { RunsDirectory = root })), TimeProvider.System);
        var run = RunId.Parse($"parameters-{state.Parameters.Length}");
        var about = new CheckpointState
        {
            Generation = 1, Epoch = 0, Chunk = 0, SequenceSteps = 0, LastEvent = 0, EpochLosses = [], ValidationLosses = [], Metrics = [],
            Device = "cpu", Data = [],
        };
        Directory.CreateDirectory(Path.Combine(root, run.Text));

        // A state that has trained, so that all of its memory is allocated.
        state.Optimizer.Step(state.Parameters, new float[state.Parameters.Length], 0);
        state.Hidden.AsSpan().Fill(0.5f);
        TrainingSnapshot? snapshot = null;
        double making = Time(() => snapshot = new(spec));
        double first = Time(() => state.CopyTo(snapshot!));
        double[] copies = [.. Enumerable.Range(0, rounds).Select(_ => Time(() => state.CopyTo(snapshot!))).Order()];
        long bytes = 0;
        double[] writes = [.. Enumerable.Range(0, 5)
            .Select(_ => Time(() => bytes = store.Write(run, spec, snapshot!, about, () => { }, name => name(1)).Bytes)).Order()];
        double[] reads = [.. Enumerable.Range(0, 5).Select(_ => Time(() => store.RestoreNewest(run, spec))).Order()];
        Console.WriteLine(
            $"{state.Parameters.Length:N0} parameters, {spec.Train.Optimizer.Word}, {lanes} lanes, {bytes:N0} bytes: " +
            $"copy {copies[rounds / 2]:f1} µs (worst of {rounds} {copies[^1]:f1}, first {first:f1}, allocating the buffers during " +
            $"training {making:f0}), " +
            $"write {writes[2] / 1000:f1} ms, verified read {reads[2] / 1000:f1} ms (medians)");
    }

    /// <summary>Microseconds.</summary>
    private static double Time(Action action)
    {
        long started = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
    }
}
