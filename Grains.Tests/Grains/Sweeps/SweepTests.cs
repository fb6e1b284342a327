using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Sweeps;

/// <summary>Sweeps on silos of this process.</summary>
public sealed class SweepTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    [Fact]
    public async Task Trials_HaveTheFiguresOfRunsOfTheirOwn_AtEveryRung()
    {
        var sweep = await fixture.Silos.SubmitSweep("halving", SweepRuns.Halving, SweepRuns.Base());
        var status = await sweep.End();

        Assert.Equal((RunState.Completed, ""), (status.State, status.Message));
        Assert.Equal([1, 3, 9], status.Rungs);
        Assert.Equal(9, status.Trials.Count);
        Assert.Equal((1, 3), (Reached(3), Reached(2)));
        foreach (var trial in status.Trials)
        {
            var spec = SweepRuns.Base(status.Rungs[trial.Figures.Count - 1]);
            spec = spec with
            {
                Model = spec.Model with { HiddenSize = int.Parse(trial.Values[1], System.Globalization.CultureInfo.InvariantCulture) },
                Train = spec.Train with
                {
                    Optimizer = spec.Train.Optimizer with
                    {
                        Lr = double.Parse(trial.Values[0], System.Globalization.CultureInfo.InvariantCulture),
                    },
                },
            };
            var whole = Oracle.Of(spec);
            double[] expected = [.. status.Rungs.Take(trial.Figures.Count).Select(epochs => whole.ValidationLosses[epochs - 1]!.Value)];
            Assert.Equal(expected, trial.Figures);
        }

        Assert.Equal(status.Trials.Where(trial => trial.Figures.Count == 3).MinBy(trial => trial.Figures[2])!.Trial, status.Best);

        int Reached(int rungs) => status.Trials.Count(trial => trial.Figures.Count == rungs);
    }

    [Fact]
    public async Task TrialsSeenBefore_AreAnsweredByTheirRuns_ThoseOfAnotherSweepAndPlainOnes()
    {
        const string Grid = """
            spec: base.yaml
            parameters: {train.optimizer.lr: [0.01, 0.02, 0.03]}
            strategy: grid
            objective: {metric: training loss}
            """;
        var spec = SweepRuns.Base(epochs: 2);
        var plain = await fixture.Silos.Train(spec);
        var first = await (await fixture.Silos.SubmitSweep("first", Grid, spec)).End();
        var second = await (await fixture.Silos.SubmitSweep("second", Grid, spec)).End();

        Assert.Equal([plain.Status.Id, "first.t001", "first.t002"], first.Trials.Select(trial => trial.Run));
        Assert.Equal([plain.Status.Id, "first.t001", "first.t002"], second.Trials.Select(trial => trial.Run));
        Assert.Equal([0, plain.Status.Step, plain.Status.Step], first.Trials.Select(trial => trial.Steps));
        Assert.All(second.Trials, trial => Assert.Equal((0, plain.Status.Step), (trial.Steps, trial.SharedSteps)));
        Assert.Equal(fixture.Silos.Decisions("first"), fixture.Silos.Decisions("second"));
        Assert.Equal(plain.EpochLosses[^1], first.Trials[0].Figures[0]);
    }

    /// <summary>A run of fewer epochs has no figure of the last rung, and one that stops early has none of a spec that does not.</summary>
    [Fact]
    public async Task Trial_IsNotAnswered_ByARunThatEndsBefore()
    {
        const string Grid = """
            spec: base.yaml
            parameters: {train.optimizer.lr: [0.01]}
            strategy: grid
            objective: {metric: training loss}
            """;
        var spec = SweepRuns.Base(epochs: 3);
        spec = spec with { Seed = spec.Seed + 7 };
        await fixture.Silos.Train(spec with { Train = spec.Train with { Epochs = 1 } });
        await fixture.Silos.Train(spec with { Train = spec.Train with { EarlyStopping = new() { Patience = 1 } } });

        var trial = Assert.Single((await (await fixture.Silos.SubmitSweep("longer", Grid, spec)).End()).Trials);

        Assert.Equal(("longer.t000", 3), (trial.Run, trial.Epochs));
        Assert.Equal(Oracle.Of(spec).EpochLosses[^1], trial.Figures[^1]);
    }

    [Fact]
    public async Task ValuesThatMakeNoSoundSpec_AreATrialWithoutAFigure()
    {
        const string Grid = """
            spec: base.yaml
            parameters: {data.batchSize: [6, 2], train.shards: [1, 4]}
            strategy: grid
            """;
        var status = await (await fixture.Silos.SubmitSweep("refused", Grid, SweepRuns.Base(epochs: 1))).End();

        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(
            [TrialState.Completed, TrialState.Completed, TrialState.Completed, TrialState.Refused],
            status.Trials.Select(trial => trial.State));
        Assert.Contains("train.shards", status.Trials[3].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FigureThatNoEvaluationHas_FailsTheSweep_WithThoseThatThereAre()
    {
        const string Grid = """
            spec: base.yaml
            parameters: {train.optimizer.lr: [0.01]}
            strategy: grid
            objective: {metric: validation RMSF}
            """;
        var status = await (await fixture.Silos.SubmitSweep("unknown", Grid, SweepRuns.Base(epochs: 1))).End();

        Assert.Equal(RunState.Failed, status.State);
        Assert.Contains(
            "objective.metric: found validation RMSF, expected a figure that the evaluation has: training loss, validation loss",
            status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submission_IsRefused_WhereItsDataOrIdDoNotFit()
    {
        var catalog = fixture.Silos.Grains.GetGrain<ISweepCatalogGrain>(0);
        var text = new SweepText(
            new("spec: b\nparameters: {seed: [1]}\nstrategy: grid\nobjective: {metric: validation loss}", "s.yaml", "/"),
            TestSpecs.Average(trainers: 1).Written());

        var reply = await catalog.Submit(new(RunId.Parse("nothing-held-out"), text, Protocol: ProtocolVersion.Current));
        Assert.Contains("because the spec holds nothing out", Assert.Single(reply.Problems).ToString(), StringComparison.Ordinal);
        Assert.NotEmpty((await catalog.Submit(new(RunId.Parse("sweeps"), text, Protocol: ProtocolVersion.Current))).Problems);
        Assert.NotEmpty((await catalog.Submit(new(RunId.Parse("s"), new(null!, null), Protocol: ProtocolVersion.Current))).Problems);
        Assert.NotEmpty((await catalog.Submit(new(RunId.Parse("s"), text, Protocol: 1))).Problems);

        var sound = text with { Sweep = new("spec: b\nparameters: {seed: [1]}\nstrategy: grid", "s.yaml", "/") };
        reply = await catalog.Submit(new(RunId.Parse(new string('s', 77)), sound, Protocol: ProtocolVersion.Current));
        Assert.Contains("expected 76 or fewer", Assert.Single(reply.Problems).ToString(), StringComparison.Ordinal);
        await (await fixture.Silos.SubmitSweep("left", SweepRuns.Halving, SweepRuns.Base() with { Seed = 70 })).End();
        Directory.Delete(new SweepDirectory(fixture.Silos.Store, RunId.Parse("left")).Path, recursive: true);
        reply = await catalog.Submit(new(RunId.Parse("left"), sound, Protocol: ProtocolVersion.Current));
        Assert.Contains("which is taken", Assert.Single(reply.Problems).ToString(), StringComparison.Ordinal);
    }
}
