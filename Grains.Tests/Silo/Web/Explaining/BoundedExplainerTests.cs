using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Explaining;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Silo.Web.Explaining;

/// <summary>What a silo explains, and what it leaves to the console.</summary>
[Slow]
public sealed class BoundedExplainerTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private readonly BoundedExplainer _explainer = new(SpecLoader.Reader, null);

    [Fact]
    public async Task Step_IsExplained_AndRefusedWithTheCommandWhereItsTimeIsOver()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average());

        var answer = _explainer.Explain(run.Directory, 5, run.Status.Step, CancellationToken.None);
        Assert.Equal(("", StatusCodes.Status200OK, 5L), (answer.Problem, answer.Status, answer.Step!.Step));
        Assert.Equal(run.StepLosses[4], answer.Step.Loss, 6);

        var late = _explainer.Explain(run.Directory, 5, run.Status.Step, new CancellationToken(canceled: true));
        Assert.Equal(
            (StatusCodes.Status422UnprocessableEntity, "found no checkpoint near enough, expected one from which the steps take 30 s at "
                + $"most: use 'tbptt explain {run.Directory.Id} --step 5'"),
            (late.Status, late.Problem));

        Assert.Throws<OperationCanceledException>(() => _explainer.Explain(
            run.Directory, 5, run.Status.Step, CancellationToken.None, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task RunWithMuchData_IsRefusedBeforeAnyOfItIsRead()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average() with { Name = "much" });
        var born = RunJson.ReadData(File.ReadAllText(run.Directory.Data));
        File.WriteAllText(run.Directory.Data, RunJson.Write(born with { Files = [new("/none.csv", 300_000_000, new string('0', 64))] }));

        var answer = _explainer.Explain(run.Directory, 5, run.Status.Step, CancellationToken.None);

        Assert.Equal(
            $"found 300,000,000 bytes of data, expected 268,435,456 at most on a silo: use 'tbptt explain {run.Directory.Id} --step 5'",
            answer.Problem);
    }

    [Fact]
    public async Task RunInRounds_IsRefusedWithTheReason()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average().InRounds(3) with { Name = "rounds" });

        var answer = _explainer.Explain(run.Directory, 4, run.Status.Step, CancellationToken.None);

        Assert.Equal(StatusCodes.Status422UnprocessableEntity, answer.Status);
        Assert.Contains("found train.sync.mode local, expected every", answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void LargeSteps_AreRefused_ByParametersWorkAndLength()
    {
        var spec = TestSpecs.Average();
        var wide = spec with { Model = spec.Model with { HiddenSize = 1000 } };

        Assert.Null(BoundedExplainer.TooMuchWork(spec));
        Assert.Contains("parameters × time steps, expected 2,000,000,000 at most", BoundedExplainer.TooMuchWork(
            wide with { Data = spec.Data with { BatchSize = 100 } }), StringComparison.Ordinal);
        Assert.Contains("parameters of all shards, expected 16,777,216 at most", BoundedExplainer.TooMuchWork(
            wide with { Train = spec.Train with { Shards = 6 } }), StringComparison.Ordinal);
        Assert.Equal(
            "found chunks that are as long as their sequences, expected on a silo a length that the spec says",
            BoundedExplainer.TooMuchWork(spec with { Tbptt = new() { Backprop = new FullBackprop() } }));
    }
}
