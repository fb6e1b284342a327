using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>What must be true of every run.</summary>
internal static class RunAssert
{
    /// <summary>Completed, every step once, with the bits that the single process gives.</summary>
    public static void SameBits(Oracle oracle, FinishedRun run)
    {
        Journal(run);
        SameSteps(oracle, run);
    }

    /// <summary>As <see cref="SameBits"/>, for a run that may have ended more than once.</summary>
    public static void SameSteps(Oracle oracle, FinishedRun run)
    {
        Assert.Equal((RunState.Completed, oracle.EndedEarly ?? ""), (run.End.State, run.End.Message));
        Assert.Equal(Enumerable.Range(1, oracle.Steps.Count).Select(step => (long)step), run.Events.OfType<StepCommitted>()
            .Select(step => step.Step));
        Bits.Same(oracle.Steps.Select(step => step.Loss), run.StepLosses);
        Bits.Same(oracle.Steps.Select(step => step.GradientNorm), run.GradientNorms);
        Bits.Same(oracle.Steps.Select(step => step.DifferenceNorm).OfType<double>(), run.DifferenceNorms);
        Assert.Equal(oracle.Steps.Select(step => step.Hash), run.Events.OfType<StepCommitted>().Select(step => step.StateHash));
        Bits.Same(oracle.EpochLosses, run.EpochLosses);
        Bits.Same(oracle.ValidationLosses.OfType<double>(), run.Status.ValidationLosses);
        Assert.Equal(oracle.HeldOut?.Size, run.Status.HeldOut);
        if (oracle.HeldOut is { Metrics.Count: > 0 } held)
            Assert.Equal(held.Metrics, run.Status.Metrics);
        Assert.Equal(oracle.Test is null, run.Status.Test is null);
        if (oracle.Test is { } tested)
        {
            var test = run.Status.Test!;
            Assert.Equal((oracle.Steps.Count, tested.Size, tested.Loss), (test.Step, test.Figures.Size, test.Figures.Loss));
            if (tested.Metrics.Count > 0)
                Assert.Equal(tested.Metrics, test.Figures.Metrics);
        }

        Bits.Same(oracle.Output.Parameters, run.Model(oracle.State.Layout));
        string config = File.ReadAllText(Path.Combine(run.Directory.Package, ModelPackage.ConfigFile));
        Assert.Equal((oracle.Output.Epochs, oracle.Output.Step), (ModelConfig.Read(config).Epochs, ModelConfig.Read(config).Steps));
    }

    /// <summary>The coordinator that continued began where the one before it had ended, without a warning.</summary>
    public static void RepeatsNothing(FinishedRun run)
    {
        var second = run.Events.OfType<RunStarted>().Skip(1).Single();
        Assert.Equal(run.Events.OfType<StepCommitted>().Last(step => step.Number < second.Number).Step, second.Step);
        Assert.Empty(run.Events.OfType<RunWarning>());
    }

    /// <summary>Trainers were lost once, in the work that follows a step, and only what follows it has the recovery's generation.</summary>
    /// <param name="run">The run.</param>
    /// <param name="after">The step.</param>
    /// <param name="lost">The trainers.</param>
    /// <returns>The recovery.</returns>
    public static TrainersRecovered RecoveredOnce(FinishedRun run, long after, IReadOnlyList<int> lost)
    {
        var recovery = Assert.Single(run.Events.OfType<TrainersRecovered>());
        Assert.Equal(after + 1, recovery.Step);
        Assert.Equal(lost, recovery.Trainers);
        var steps = run.Events.OfType<StepCommitted>().ToList();
        Assert.All(steps.Where(one => one.Step <= after), one => Assert.True(one.Generation < recovery.Generation));
        Assert.All(steps.Where(one => one.Step > after), one => Assert.Equal(recovery.Generation, one.Generation));
        return recovery;
    }

    /// <summary>The run's directory alone gives its last state again, computed from its first one.</summary>
    public static void IsComputedAgain(FinishedRun run)
    {
        using var replay = RunReplay.Open(run.Directory, new());
        replay.Begin();
        replay.Continue(run.Status.Step, cancellation: TestContext.Current.CancellationToken);
        Bits.Same(replay.State.Parameters, run.Model(replay.State.Layout));
    }

    /// <summary>
    /// The journal is whole: numbered without a gap, generations never fall, one end, and the same for watchers as on the disk.
    /// </summary>
    public static void Journal(FinishedRun run)
    {
        Assert.Equal(File.ReadAllText(run.Directory.Metrics), string.Concat(run.Lines.Select(line => line + "\n")));
        Assert.Equal(Enumerable.Range(1, run.Events.Count).Select(number => (long)number), run.Events.Select(one => one.Number));
        Assert.Equal(run.Events.Select(one => one.Generation).Order(), run.Events.Select(one => one.Generation));
        Assert.Single(run.Events.OfType<RunEnded>());
        var written = run.Directory.ReadStatus()!;
        Assert.Equal(run.End.State, written.State);
        Assert.Equal(run.End.Message, written.Message);
        Assert.Equal(run.Events.Count, written.LastEvent);
        Assert.Empty(Directory.EnumerateFiles(run.Directory.Path, "*.tmp"));
    }
}
