using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Catalog;

public sealed class CatalogGrainTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2);

    private ICatalogGrain Catalog => fixture.Silos.Grains.GetGrain<ICatalogGrain>(0);

    [Fact]
    public async Task Submission_IsRefusedAndLeavesNothing_WhenItsDataAreUnfit()
    {
        var spec = Spec with { Data = Spec.Data with { Source = SourceKind.Csv, Paths = ["/nowhere/at-all.csv"] } };

        var reply = await Catalog.Submit(new(RunId.Parse("unfit-1"), spec));

        Assert.Contains(reply.Problems, problem => problem.ToString().Contains("at-all.csv"));
        Assert.Equal("", reply.Directory);
        Assert.False(Directory.Exists(fixture.Silos.Directory(RunId.Parse("unfit-1")).Path));
        Assert.DoesNotContain(await Catalog.List(), status => status.Id == "unfit-1");
    }

    [Fact]
    public async Task Submission_OfATakenId_IsRefused_AndTheFirstRunIsUnharmed()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 2));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;

        var whileItTrains = await Catalog.Submit(new(run, Spec with { Seed = 77 }));
        var theSameAgain = await Catalog.Submit(new(run, Spec));
        halt.GoOn();
        var finished = await fixture.Silos.Watch(run);
        var afterwards = await Catalog.Submit(new(run, Spec with { Seed = 77 }));

        foreach (var reply in new[] { whileItTrains, theSameAgain, afterwards })
            Assert.Contains("which is taken", Assert.Single(reply.Problems).Found);
        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.Equal(finished.Lines.Count, (await File.ReadAllLinesAsync(finished.Directory.Metrics, TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task OneOfManySubmissions_OfOneId_IsTrained_WithItsOwnSpec()
    {
        fixture.Calls.Reset();
        var run = RunId.Parse("contested");
        var specs = Enumerable.Range(1, 8).Select(seed => Spec with { Seed = seed, Name = $"contested-{seed}" }).ToList();

        var replies = await Task.WhenAll(specs.Select(spec => Catalog.Submit(new(run, spec))));
        var finished = await fixture.Silos.Watch(run);

        int winner = Assert.Single(Enumerable.Range(0, 8), i => replies[i].Problems.Count == 0);
        Assert.Equal(finished.Directory.Path, replies[winner].Directory);
        Assert.Equal(specs[winner].Name, finished.Status.Name);
        RunAssert.SameBits(Oracle.Of(specs[winner]), finished);
    }

    [Fact]
    public async Task List_HasEveryRun_AsLastWritten()
    {
        fixture.Calls.Reset();
        var first = await fixture.Silos.Train(Spec);
        var second = await fixture.Silos.Train(Spec);

        var listed = (await Catalog.List()).Select(status => status.Id).ToList();

        Assert.True(listed.IndexOf(second.Status.Id) < listed.IndexOf(first.Status.Id));
        Assert.Contains(first.Status.Id, listed);
    }
}
