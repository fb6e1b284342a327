using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>What must be true of a run whatever was done to it.</summary>
internal static class ChaosAssert
{
    /// <summary>
    /// Completed, every step published once, and all numbers, the files' bytes included, those of the run that nobody disturbed.
    /// </summary>
    public static void SameBits(RunSpec spec, RunRecorder recorder)
    {
        Journal(recorder);
        var (events, unfaulted) = (recorder.Events, UnfaultedRun.Of(spec));
        var oracle = unfaulted.Oracle;
        var end = Assert.IsType<RunEnded>(events[^1]);
        Assert.True(end.State == RunState.Completed, $"{end.State}: {end.Message}");
        Assert.Equal(oracle.Steps.Count, end.Step);

        StepCommitted[] steps = [.. events.OfType<StepCommitted>()];
        Assert.Equal(Enumerable.Range(1, oracle.Steps.Count).Select(step => (long)step), steps.Select(step => step.Step));
        Bits.Same(oracle.Steps.Select(step => step.Loss), steps.Select(step => step.Loss));
        Bits.Same(oracle.Steps.Select(step => step.GradientNorm), steps.Select(step => step.GradientNorm));
        Bits.Same(
            oracle.Steps.Select(step => step.DifferenceNorm).OfType<double>(), steps.Select(step => step.DifferenceNorm).OfType<double>());
        Assert.Equal(oracle.Steps.Select(step => step.Hash), steps.Select(step => step.StateHash));
        Assert.All(steps, step => Assert.Equal(spec.Train.Optimizer.Lr, step.LearningRate));

        EpochFinished[] epochs = [.. events.OfType<EpochFinished>()];
        Assert.Equal(Enumerable.Range(1, spec.Train.Epochs), epochs.Select(epoch => epoch.Epoch));
        Bits.Same(oracle.EpochLosses, epochs.Select(epoch => epoch.Loss));
        Bits.Same(oracle.ValidationLosses.OfType<double>(), epochs.Select(epoch => epoch.ValidationLoss).OfType<double>());

        Assert.Equal(unfaulted.Model, File.ReadAllBytes(recorder.Run.Model));
        Assert.Equal(unfaulted.Hidden, File.ReadAllBytes(recorder.Run.Hidden));
        Status(recorder, oracle);
    }

    /// <summary>
    /// The journal is whole: nothing that was published has changed since, numbers have no gap, generations never fall, no step is
    /// published twice; and nothing half-written lies about.
    /// </summary>
    public static void Journal(RunRecorder recorder)
    {
        var events = recorder.Events;
        Assert.Equal(string.Concat(recorder.Lines.Select(line => line + "\n")), File.ReadAllText(recorder.Run.Metrics));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (long)number), events.Select(one => one.Number));
        Assert.Equal(events.Select(one => one.Generation).Order(), events.Select(one => one.Generation));
        Assert.Equal(events.OfType<StepCommitted>().Select(step => step.Step).Distinct(), events.OfType<StepCommitted>()
            .Select(step => step.Step));
        Assert.Empty(Directory.EnumerateFileSystemEntries(
            recorder.Run.Path, "*.tmp", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }));
    }

    private static void Status(RunRecorder recorder, Oracle oracle)
    {
        var status = recorder.Run.ReadStatus()!;
        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(recorder.Events.Count, status.LastEvent);
        Assert.Equal(oracle.Steps.Count, status.Step);
        Bits.Same(oracle.EpochLosses, status.EpochLosses);
        Bits.Same(oracle.ValidationLosses.OfType<double>(), status.ValidationLosses);
    }
}
