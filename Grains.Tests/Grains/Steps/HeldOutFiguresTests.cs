using System.Globalization;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Data;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>The errors of targets and series as a run reports them.</summary>
public sealed class HeldOutFiguresTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private const int Series = 30;
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Figures_OfManySeries_AreInEventStatusAndTable_WithTheBitsOfOneProcess(int trainers)
    {
        fixture.Calls.Reset();
        var rows = from row in Enumerable.Range(0, 10)
                   from series in Enumerable.Range(0, Series)
                   select $"s{series},{row * series % 7},{(row + series) % 5}";
        string path = _directory.Write("x.csv", string.Join('\n', rows.Prepend("id,a,b")) + "\n");
        var spec = Given.Spec(Given.Csv(path, lanes: 4, fraction: 0.3, standardize: true)
            .From<CsvSource>(csv => csv with { Series = "id", Inputs = ["a"], Targets = ["a", "b"] }));
        spec = spec with { Train = spec.Train with { Trainers = trainers, Epochs = 2 } };

        var run = await fixture.Silos.Train(spec);

        var oracle = Oracle.Of(spec);
        RunAssert.SameBits(oracle, run);
        var last = run.Events.OfType<EpochFinished>().Last();
        Assert.Equal(new(Series, 2 * Series, 4 * Series), last.HeldOut);
        Assert.Equal(oracle.HeldOut!.Metrics, last.Metrics);
        Assert.Equal(last.Metrics, run.Directory.ReadStatus()!.Metrics);
        Assert.Equal(
            EvaluationReport.MostSeries / 2, last.Metrics.Count(metric => metric is { Series: not null, Name: "validation RMSE" }));

        string[][] all = [.. File.ReadAllLines(run.Directory.ValidationTable).Select(line => line.Split(','))], table = all[1..];
        Assert.Equal(2 + (2 * Series), table.Length);
        foreach (var metric in last.Metrics.Where(metric => metric.Count > 0))
        {
            string[] row = Assert.Single(table, row => row[0] == (metric.Series ?? "") && row[1] == metric.Unit);
            Assert.Equal(metric.Count.ToString(CultureInfo.InvariantCulture), row[2]);
            Assert.Equal(metric.Value, double.Parse(
                row[Array.IndexOf(all[0], metric.Name["validation ".Length..])], CultureInfo.InvariantCulture));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Test_IsEvaluatedOnce_AfterTheLastEpoch_AlsoWhereATrainerIsLostInIt(bool? afterTheWork)
    {
        fixture.Calls.Reset();
        var spec = TestSpecs.Average(trainers: 2, epochs: 2, validationFraction: 0.2);
        spec = spec with { Data = spec.Data with { Test = new() { Fraction = 0.2 } } };

        var run = afterTheWork is { } after
            ? await fixture.TrainLosing(spec, after, [1], call => call.Method == nameof(ITrainerGrain.EvaluateChunk) && call.IsTest)
            : await fixture.Silos.Train(spec);

        var oracle = Oracle.Of(spec);
        RunAssert.SameBits(oracle, run);
        var test = Assert.Single(run.Events.OfType<RunTested>());
        Assert.Equal((oracle.Steps.Count, oracle.Test!.Loss, oracle.Test.Size), (test.Step, test.Loss, test.HeldOut));
        Assert.Equal(oracle.Test.Metrics, test.Metrics);
        Assert.Equal(new(4, 100, 300), test.HeldOut);
        Assert.Equal(2, test.Epoch);
        Assert.All(test.Metrics, metric => Assert.StartsWith("test ", metric.Name, StringComparison.Ordinal));
        Assert.True(test.Number > run.Events.OfType<EpochFinished>().Last().Number);
        Assert.Equal(test.Metrics, run.Directory.ReadStatus()!.Test!.Figures.Metrics);
        File.Delete(run.Directory.Status);
        Assert.Equal(test.Metrics, run.Directory.ReadStatus()!.Test!.Figures.Metrics);
    }

    /// <summary>Parameters of a large model are offered to other silos once for each step: both evaluations after it use them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Test_OfALargeModel_HasTheSameBits_OnSeveralSilos(bool directSteps)
    {
        var spec = TestSpecs.Average(trainers: 2, epochs: 1, validationFraction: 0.2);
        spec = spec with
        {
            Model = spec.Model with { HiddenSize = 256 }, Data = spec.Data with { Test = new() { Fraction = 0.2 } },
        };
        Assert.True(Buckets.AreUsedFor(ParameterLayout.Of(spec.Model).Length));
        await using var silos = await TestSilos.Start(2, directSteps: directSteps);

        var run = await silos.Train(spec);

        Assert.Equal(2, run.Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        RunAssert.SameBits(Oracle.Of(spec), run);
    }

    [Fact]
    public async Task Test_IsEvaluatedAnew_WhereACompletedRunIsTrainedFurther()
    {
        fixture.Calls.Reset();
        var spec = TestSpecs.Average(trainers: 2, epochs: 1);
        spec = spec with
        {
            Data = spec.Data with { Test = new() { Fraction = 0.2 } }, Checkpoint = new() { EverySeconds = 5, KeepBest = 1 },
        };
        var first = await fixture.Silos.Train(spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(first.Directory.Id.Text);

        Assert.Equal("", (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current, Sets: ["train.epochs=2"]))).Problem);
        var run = await fixture.Silos.Watch(first.Directory.Id, ends: 2);

        var tests = run.Events.OfType<RunTested>().ToList();
        var whole = Oracle.Of(spec with { Train = spec.Train with { Epochs = 2 } });
        RunAssert.SameSteps(whole, run);
        Assert.Equal([first.Status.Step, run.Status.Step], tests.Select(test => test.Step));
        Assert.Equal(whole.Test!.Loss, tests[1].Loss);
    }

    [Fact]
    public async Task Figures_OfFewTargets_AreAllInTheEvent_WithoutATable()
    {
        fixture.Calls.Reset();
        var spec = TestSpecs.Average(epochs: 1, validationFraction: 0.2);

        var run = await fixture.Silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(["output 1", "output 2", "output 3"], run.Status.Metrics.Select(metric => metric.Unit).Distinct());
        Assert.False(File.Exists(run.Directory.ValidationTable));
    }
}
