using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Sweeps;

/// <summary>Sweeps whose silos are killed, and which are stopped and resumed.</summary>
[Slow]
public sealed class SweepLossTests
{
    [Fact]
    public async Task Sweep_DecidesTheSame_WhenTheSiloThatDrivesItIsKilled_AndWhenItIsStoppedAndResumed()
    {
        await using var silos = await TestSilos.Start(3);
        var spec = SweepRuns.Base();
        var disturbed = await silos.SubmitSweep("disturbed", SweepRuns.Halving, spec);
        var files = new SweepDirectory(silos.Store, RunId.Parse("disturbed"));
        await Until(() => files.ReadDecisions().Count >= 6);

        var where = await silos.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(
            disturbed, TestContext.Current.CancellationToken);
        await silos.Cluster.KillSiloAsync(
            silos.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(where)), TestContext.Current.CancellationToken);
        int before = files.ReadDecisions().Count;
        await Until(() => files.ReadDecisions().Count > before);

        // A stop ends the runs that are under way, too.
        await disturbed.StopSweep("enough for today");
        var stopped = files.ReadStatus()!;
        Assert.Equal((RunState.Stopped, "enough for today"), (stopped.State, stopped.Message));
        Assert.All(
            RunDirectory.All(silos.Store).Select(run => run.ReadStatus()!), run => Assert.True(run.HasEnded && run.Sweep == "disturbed"));
        Assert.Equal("", await disturbed.ResumeSweep(ProtocolVersion.Current));
        await Until(() => files.ReadStatus()!.HasEnded);
        Assert.Equal(RunState.Completed, files.ReadStatus()!.State);

        // The same sweep undisturbed, in another store, so that no trial is answered by a run of the first.
        await using var others = await TestSilos.Start(1);
        var calm = await (await others.SubmitSweep("calm", SweepRuns.Halving, spec)).End();
        Assert.Equal(others.Decisions("calm"), silos.Decisions("disturbed"));
        Assert.Equal(calm.Trials.Select(trial => trial.Figures), files.ReadStatus()!.Trials.Select(trial => trial.Figures));
        Assert.Equal(
            await File.ReadAllTextAsync(new SweepDirectory(others.Store, RunId.Parse("calm")).Best, TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(files.Best, TestContext.Current.CancellationToken));
    }

    /// <summary>The trial's run, or the one that makes the steps which two trials have in common.</summary>
    [Theory]
    [InlineData("train.optimizer.lr: [0.01, 0.02]", "held.t000")]
    [InlineData("train.schedule: [{name: step, every: 100000, gamma: 0.5}, {name: step, every: 100000, gamma: 0.25}]", "held.t000-100000")]
    public async Task RunThatAUserPauses_StaysPaused_WhenTheSiloThatDrivesTheSweepIsKilled(string parameter, string name)
    {
        await using var silos = await TestSilos.Start(3);
        string yaml = $"spec: base.yaml\nparameters:\n  {parameter}\nstrategy: grid\nparallel: 2\n";
        var sweep = await silos.SubmitSweep("held", yaml, SweepRuns.Base(epochs: 20_000));
        var (run, files) = (silos.Directory(RunId.Parse(name)), new SweepDirectory(silos.Store, RunId.Parse("held")));
        await Until(() => run.ReadStatus() is { State: RunState.Running, Step: > 0 });
        var reply = await silos.Grains.GetGrain<ICoordinatorGrain>(name).PauseRun("let me look");
        Assert.Equal((RunState.Paused, "let me look"), (reply.Status.State, reply.Status.Message));
        await Until(() => files.ReadStatus()!.Message == $"run {name} is paused; continue it with: tbptt resume {name}");

        var where = await silos.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(sweep, TestContext.Current.CancellationToken);
        var killed = TimeProvider.System.GetUtcNow();
        await silos.Cluster.KillSiloAsync(
            silos.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(where)), TestContext.Current.CancellationToken);
        await Until(() => run.ReadStatus()!.State != RunState.Paused
            || (files.ReadStatus()! is var taken && taken.UpdatedAt > killed
                && taken.Message.Contains("is paused", StringComparison.Ordinal)));

        Assert.Equal((RunState.Paused, "let me look"), (run.ReadStatus()!.State, run.ReadStatus()!.Message));

        // Who resumes a sweep that is under way wants all of its runs to be trained.
        Assert.Equal("", await sweep.ResumeSweep(ProtocolVersion.Current));
        await Until(() => run.ReadStatus() is { State: RunState.Running } && files.ReadStatus()! is { Message: "", Held: [] });
        await sweep.StopSweep("");
    }

    private static async Task Until(Func<bool> isSo)
    {
        while (!isSo())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
    }
}
