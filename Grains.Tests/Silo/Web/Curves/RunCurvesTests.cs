using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Tests.Abstractions.Journals;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Custom;

namespace Orleans.Tbptt.Tests.Silo.Web.Curves;

/// <summary>The curves of runs that have ended, without a coordinator.</summary>
public sealed class RunCurvesTests : IDisposable
{
    private static readonly RunId Id = RunId.Parse("wave-1");
    private readonly TemporaryDirectory _store = new();
    private readonly RunDirectory _run;
    private readonly RunFeeds _feeds;
    private readonly RunCurves _curves;

    public RunCurvesTests()
    {
        var options = new TbpttGrainsOptions();
        CustomChoicesTests.Fill(options.Choices);
        _feeds = new(Silent, new SiloSettings { Runs = _store.Path }, Options.Create(options), TimeProvider.System,
            NullLogger<RunFeed>.Instance);
        _curves = new(_feeds);
        _run = new(_store.Path, Id);
        Directory.CreateDirectory(_run.Path);
    }

    /// <summary>Coordinators that never answer.</summary>
    private static IGrainFactory Silent => Fake.Of<IGrainFactory>((_, _) =>
        Fake.Of<ICoordinatorGrain>((_, _) => new TaskCompletionSource<RunStatus>().Task));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EndedRun_IsReadFromItsJournal_AndKept()
    {
        Write(steps: 5);

        var curve = Assert.Single(await _curves.OfAsync([Status(lastEvent: 5)], Cancellation));

        Assert.Equal([1L, 2, 3, 4, 5], curve.Points.Select(point => point.Step));
        Assert.Same(curve, Assert.Single(await _curves.OfAsync([Status(lastEvent: 5)], Cancellation)));
    }

    [Fact]
    public async Task IncompleteJournal_IsNotKept_AndNobodyWaitsAfterTheClientHasLeft()
    {
        Write(steps: 3);
        using var client = new CancellationTokenSource();
        var request = _curves.OfAsync([.. Enumerable.Repeat(Status(lastEvent: 5), 200)], client.Token);
        Assert.False(request.IsCompleted); // The coordinators, which are asked for the rest, are silent.
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.WaitAsync(Cancellation));

        Write(steps: 5);

        Assert.Equal(5, Assert.Single(await _curves.OfAsync([Status(lastEvent: 5)], Cancellation)).Points.Count);
    }

    /// <summary>Weights that are no numbers of elements, as the energy of a signal, say nothing of sequence steps.</summary>
    [Theory]
    [InlineData(true, new[] { 300.0, 400, 600, 800 })]
    [InlineData(false, new[] { 200.0, 400, 600, 800 })]
    public void SequenceSteps_AreSharedOut_ByTheElementsOfEachStep(bool countsElements, double[] expected)
    {
        var history = new RunHistory(clipNorm: null, countsElements);
        long number = 0;
        foreach (int weight in (int[])[30, 10, 20, 20])
            history.Add(SegmentSample.Step(++number) with { Weight = weight });

        var curve = RunCurve.Of(history, Status(lastEvent: 4) with { SequenceSteps = 800 });

        Assert.Equal(expected, curve.Points.Select(point => RunCurve.Place(point, ChartAlignment.Sequence)));
    }

    [Fact]
    public void ClipNorm_IsRead_FromASpecWithTheSilosOwnChoices()
    {
        File.WriteAllText(_run.Spec, CustomChoicesTests.Spec.Replace("epochs: 2,", "epochs: 2, clipNorm: 1.5,", StringComparison.Ordinal));

        Assert.Equal(1.5, _feeds.TrainOf(_run)!.ClipNorm);
    }

    public void Dispose()
    {
        _curves.Dispose();
        _feeds.Dispose();
        _store.Dispose();
    }

    private static RunStatus Status(long lastEvent) => new()
    {
        Id = Id.Text, Name = "wave", State = RunState.Completed, Epochs = 1, Step = lastEvent, LastEvent = lastEvent,
        SubmittedAt = SegmentSample.Step(1).Time, UpdatedAt = SegmentSample.Step(1).Time, EndedAt = SegmentSample.Step(1).Time,
    };

    private void Write(int steps) =>
        File.WriteAllLines(_run.Metrics, Enumerable.Range(1, steps).Select(number => RunJson.Write(SegmentSample.Step(number))));
}
