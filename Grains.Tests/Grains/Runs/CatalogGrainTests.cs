using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class CatalogGrainTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2);

    private ICatalogGrain Catalog => fixture.Silos.Grains.GetGrain<ICatalogGrain>(0);

    [Fact]
    public async Task Submission_IsRefusedAndLeavesNothing_WhenItsDataAreUnfit()
    {
        var spec = Spec with { Data = new() { Source = new CsvSource { Path = "/nowhere/at-all.csv" }, BatchSize = 6 } };

        var reply = await Submit(RunId.Parse("unfit-1"), spec);

        Assert.Contains(reply.Problems, problem => problem.ToString().Contains("at-all.csv"));
        Assert.Equal("", reply.Directory);
        Assert.False(Directory.Exists(fixture.Silos.Directory(RunId.Parse("unfit-1")).Path));
        Assert.DoesNotContain(await Catalog.List(), status => status.Id == "unfit-1");
    }

    [Fact]
    public async Task Submission_IsRefused_WithMoreThreadsThanASiloHasSlots()
    {
        int slots = (await Catalog.Describe()).Silos[0].Slots;
        var run = RunId.Parse("threads-1");

        var reply = await Submit(run, Spec with { Train = Spec.Train with { Threads = slots + 1 } });

        Assert.Equal(
            ($"{slots + 1}", $"1 to {slots}, the slots of the largest silo, because a trainer's threads are all on one silo"),
            (Assert.Single(reply.Problems).Found, reply.Problems[0].Expected));
        Assert.False(Directory.Exists(fixture.Silos.Directory(run).Path));
    }

    [Fact]
    public async Task Submission_OfATakenId_IsRefused_UnlessItIsTheSameSpec_AndTheFirstRunIsUnharmed()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 2));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;

        var whileItTrains = await Submit(run, Spec with { Seed = 77 });
        var theSameAgain = await Submit(run, Spec);
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);
        var afterwards = await Submit(run, Spec with { Seed = 77 });

        foreach (var reply in new[] { whileItTrains, afterwards })
            Assert.Contains("which is taken", Assert.Single(reply.Problems).Found);
        Assert.Empty(theSameAgain.Problems);
        Assert.True(theSameAgain.Reattached);
        Assert.Equal(finished.Directory.Path, theSameAgain.Directory);
        Assert.True((await Submit(run, Spec)).Reattached);
        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.Equal(finished.Lines.Count,
            (await File.ReadAllLinesAsync(finished.Directory.Metrics, TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task OneOfManySubmissions_OfOneId_IsTrained_WithItsOwnSpec()
    {
        fixture.Calls.Reset();
        var run = RunId.Parse("contested");
        var specs = Enumerable.Range(1, 8).Select(seed => Spec with { Seed = seed, Name = $"contested-{seed}" }).ToList();

        var replies = await Task.WhenAll(specs.Select(spec => Submit(run, spec)));
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

    [Fact]
    public async Task Submission_OfOneIdAndSpec_IsOneRun_HoweverManyClientsSubmitAtOnce()
    {
        fixture.Calls.Reset();
        var run = RunId.Parse("shared");

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Submit(run, Spec)));
        var finished = await fixture.Silos.Watch(run);

        Assert.All(replies, reply => Assert.Empty(reply.Problems));
        Assert.Single(replies, reply => !reply.Reattached);
        RunAssert.SameBits(Oracle.Of(Spec), finished);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ProtocolVersion.Current - 1)]
    [InlineData(ProtocolVersion.Current + 1)]
    public async Task Submission_OfAClientOfAnotherVersion_IsRefused_WithBothVersions(int protocol)
    {
        var reply = await Catalog.Submit(new(RunId.Parse("stranger"), Spec.Written(), Protocol: protocol));

        var problem = Assert.Single(reply.Problems);
        Assert.Contains($"protocol {protocol}", problem.ToString());
        Assert.Contains($"{ProtocolVersion.Current}", problem.ToString());
        Assert.False(Directory.Exists(fixture.Silos.Directory(RunId.Parse("stranger")).Path));
    }

    [Fact]
    public async Task Describe_ReportsTheSilos_AndWhatLivesOnThem()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 2));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;

        var report = await Catalog.Describe();
        halt.Continue();
        await fixture.Silos.Watch(run);

        Assert.Equal((ProtocolVersion.Current, ProtocolVersion.Product), (report.Protocol, report.Version));
        var silo = Assert.Single(report.Silos);
        Assert.Equal(Environment.ProcessId, silo.Pid);
        Assert.Equal(["cpu"], silo.Devices);
        Assert.Contains(run, silo.Coordinators);
        Assert.Equal([0, 1], silo.Trainers.Where(trainer => trainer.Run == run).Select(trainer => trainer.Index));
        Assert.False(silo.Draining);
    }

    private Task<SubmitReply> Submit(RunId run, RunSpec spec) =>
        Catalog.Submit(new(run, spec.Written(), Protocol: ProtocolVersion.Current));
}
