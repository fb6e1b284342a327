using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Sweeps;

/// <summary>Trials whose learning rates part after some steps share what comes before.</summary>
public sealed class SweepSharingTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly double[] Gammas = [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];

    [Fact]
    public async Task EightSchedulesThatPartAtHalfTime_CostALittleMoreThanHalfOfEightRuns_AndHaveTheirBits()
    {
        var spec = SweepRuns.Base(epochs: 4);
        int steps = Oracle.Of(spec).Steps.Count;
        string yaml = $$"""
            spec: base.yaml
            parameters:
              train.schedule: [{{string.Join(", ", Gammas.Select(gamma => string.Create(CultureInfo.InvariantCulture,
                  $"{{name: step, every: {steps / 2}, gamma: {gamma}}}")))}}]
            strategy: grid
            """;

        var status = await (await fixture.Silos.SubmitSweep("shared", yaml, spec)).End();

        Assert.Equal((RunState.Completed, ""), (status.State, status.Message));
        Assert.Equal((steps / 2) + (8 * (steps / 2)), status.Trials.Sum(trial => trial.Steps));
        Assert.Equal(7 * (steps / 2), status.Trials.Sum(trial => trial.SharedSteps));
        Assert.Equal(8, RunDirectory.All(fixture.Silos.Store).Count(run => run.ReadStatus()!.Fork is { } fork && fork.Step == steps / 2));
        for (int trial = 0; trial < 8; trial++)
        {
            var whole = Oracle.Of(spec with
            {
                Train = spec.Train with { Schedule = new StepSchedule { Every = steps / 2, Gamma = Gammas[trial] } },
            });
            var run = fixture.Silos.Directory(RunId.Parse(status.Trials[trial].Run));
            Assert.Equal(whole.ValidationLosses[^1], status.Trials[trial].Figures[0]);
            float[] model = new float[whole.State.Layout.Length];
            Orleans.Tbptt.Data.Safetensors.SafetensorsFile.ReadInto(run.Model, whole.State.Layout, model);
            Bits.Same(whole.State.Parameters, model);
        }
    }

    [Fact]
    public void PartsOfParts_AreShared_AndSpecsThatDifferOtherwiseAreNot()
    {
        var spec = SweepRuns.Base();
        RunSpec[] specs =
        [
            With(100, 0.5), With(100, 0.25), With(60, 0.5), With(60, 0.5) with { Seed = 9 },
            With(100, 0.5) with { Train = With(100, 0.5).Train with { ClipNorm = 0.1 } }, With(1, 0.5),
        ];

        var shared = SharedPrefix.Of([.. specs.Index()], _ => 200);

        Assert.Equal([0, 1, 2], shared.Keys.Order());
        Assert.Equal(new SharedPrefix(0, 100, new(0, 60, null)) with { Parent = shared[2] }, shared[0]);
        Assert.Same(shared[0], shared[1]);
        Assert.Equal((0, 60L), (shared[2].Trial, shared[2].Steps));
        RunSpec With(int every, double gamma) => spec with
        {
            Train = spec.Train with { Schedule = new StepSchedule { Every = every, Gamma = gamma } },
        };
    }

    [Fact]
    public void RatesThatDependOnLosses_AreKnownToBeAlike_OnlyWhereTheyAreTheSame()
    {
        var plateau = SweepRuns.Base();
        plateau = plateau with { Train = plateau.Train with { Schedule = new ReduceOnPlateauSchedule() } };

        Assert.Equal(0, SharedPrefix.Common(plateau, SweepRuns.Base(), 0, 10));
        Assert.Equal(10, SharedPrefix.Common(plateau, plateau, 0, 10));
    }
}
