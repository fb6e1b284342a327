using Microsoft.Extensions.Options;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>
/// The data belong to a run from its submission on, not from its first checkpoint: every coordinator compares what it opens with them.
/// </summary>
public sealed class DataOfARunTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private const string Rows = "1.5,a,4\n2.5,b,3\n3.5,a,9\n4.5,c,8\n5.5,a,7\n6.5,b,1\n";
    private readonly TemporaryDirectory _directory = new();
    private static int _runs;

    public static TheoryData<string, string> Changes { get; } = new()
    {
        { "x,note,y\n1.5,a,4\n2.5,b,3\n3.5,a,9\n4.5,c,8\n5.5,a,7\n6.5,b,2\n",
            "found 57 bytes with SHA-256 .*, expected 57 bytes with SHA-256 " },
        { "x,note,y\n1.5,a,4\n2.5,b,3\n3.5,a,9\n4.5,c,8\n", "found 41 bytes.*, expected 57 bytes with SHA-256 " },
        { "x,note,y\n1.5,a,4\n2.5,b,3\n3.5,a,9\n4.5,c,8\n5.5,a,7\n6.5,b,?\n",
            "found 57 bytes with SHA-256 .*, expected 57 bytes.*'\\?' in column 'y'" },
        { "u,note,v\n1.5,a,4\n2.5,b,3\n3.5,a,9\n4.5,c,8\n5.5,a,7\n6.5,b,1\n",
            "found 57 bytes with SHA-256 .*, expected 57 bytes.*'x'" },
        { "", "found 0 bytes, expected 57 bytes with SHA-256 " },
    };

    private string File => _directory.File("d.csv");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Submission_WritesDownFilesColumnsAndScale()
    {
        var run = await fixture.Silos.Watch(await fixture.Silos.Submit(Spec("x,note,y\n" + Rows)));

        Assert.Equal((RunState.Completed, ""), (run.End.State, run.End.Message));
        var data = RunJson.ReadData(await System.IO.File.ReadAllTextAsync(run.Directory.Data, TestContext.Current.CancellationToken));
        Assert.Equal([File], data.Files.Select(file => file.Path));
        Assert.Equal(57, data.Files[0].Length);
        var contents = data.Description!.Contents;
        Assert.Equal(["x", "y"], contents.Inputs);
        Assert.Equal(["note"], contents.LeftOut.Select(column => column.Name));
        // The mean and the deviation of 4, 3, 9, 8, 7, 1, with every digit.
        Assert.Equal((32.0 / 6, Math.Sqrt((220.0 / 6) - (32.0 / 6 * 32 / 6))), (contents.Columns[1].ScaleMean!.Value,
            contents.Columns[1].ScaleDeviation!.Value), new Near());
        string text = await System.IO.File.ReadAllTextAsync(run.Directory.Data, TestContext.Current.CancellationToken);
        Assert.Matches("\"scaleMean\": 5\\.33333333333", text);
        Assert.Equal(data.Description.Summary, run.Status.Data);
        Assert.Equal(data.Description.Summary, run.Events.OfType<RunStarted>().Single().Data);
        Assert.Contains("  inputs: [x, ", await System.IO.File.ReadAllTextAsync(run.Directory.Spec, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Changes))]
    public async Task Run_WithoutACheckpoint_DoesNotContinueOnOtherData(string text, string difference)
    {
        var spec = Spec("x,note,y\n" + Rows);
        var run = Born(spec, withData: true);
        await System.IO.File.WriteAllTextAsync(File, text, TestContext.Current.CancellationToken);

        var end = (await Continue(run)).End;

        Assert.Equal(RunState.Failed, end.State);
        Assert.Matches($"^data file '{File}': {difference}", end.Message);
        Assert.Contains(
            "the data changed since the run began: restore the files, or start a new run", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutACheckpoint_SaysThatItsFileIsGone()
    {
        var run = Born(Spec("x,note,y\n" + Rows), withData: true);
        System.IO.File.Delete(File);

        Assert.Matches($"^data file '{File}': found nothing, expected 57 bytes with SHA-256 ", (await Continue(run)).End.Message);
    }

    [Fact]
    public async Task Run_OfAFormerRelease_Continues_AndItsDataAreWrittenDown()
    {
        var run = Born(Spec("x,note,y\n" + Rows), withData: false);

        var finished = await Continue(run);

        Assert.Equal((RunState.Completed, ""), (finished.End.State, finished.End.Message));
        var data = RunJson.ReadData(await System.IO.File.ReadAllTextAsync(finished.Directory.Data, TestContext.Current.CancellationToken));
        Assert.Equal(57, data.Files[0].Length);
    }

    /// <summary>Former releases rounded cells before they standardised them: the steps that follow would be nobody's.</summary>
    [Theory]
    [InlineData(true, RunState.Failed)]
    [InlineData(false, RunState.Completed)]
    public async Task RunOfAFormerRelease_DoesNotContinueFromACheckpoint_WhereItsColumnsAreStandardised(bool standardize, RunState end)
    {
        var spec = Spec("x,note,y\n" + Rows);
        spec = spec with
        {
            Train = spec.Train with { Epochs = 30, Trainers = 2 },
            Data = spec.Data with { BatchSize = 2, Source = (CsvSource)spec.Data.Source with { Standardize = standardize } },
        };
        var (run, coordinator) = await fixture.InterruptedAt(spec, nameof(ITrainerGrain.TrainChunk), 4, grain => grain.StopRun("enough"));
        System.IO.File.Delete(fixture.Silos.Directory(run).Data);

        var continued = await fixture.Resume(run, coordinator, ends: 2);

        Assert.Equal(end, continued.End.State);
        if (standardize)
            Assert.StartsWith($"found no {continued.Directory.Data}, expected it with what was read of the CSV file", continued.End.Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_DoesNotContinue_WhenWhatItSaysOfItsDataIsDamaged()
    {
        var run = Born(Spec("x,note,y\n" + Rows), withData: true);
        await System.IO.File.WriteAllTextAsync(fixture.Silos.Directory(run).Data, "{\"files\": [{}", TestContext.Current.CancellationToken);

        Assert.Matches(
            $"^{fixture.Silos.Directory(run).Data}: found text that does not say what data the run has", (await Continue(run)).End.Message);
    }

    [Fact]
    public async Task SameSpecUnderTheSameId_IsRefused_WhenItsDataAreOthers()
    {
        var spec = Spec("x,note,y\n" + Rows);
        var first = await fixture.Silos.Watch(await fixture.Silos.Submit(spec));
        var catalog = fixture.Silos.Grains.GetGrain<ICatalogGrain>(0);
        var request = new SubmitRequest(first.Directory.Id, spec.Written(), Protocol: ProtocolVersion.Current);
        Assert.True((await catalog.Submit(request)).Reattached);

        await System.IO.File.AppendAllTextAsync(File, "7.5,a,2\n", TestContext.Current.CancellationToken);

        Assert.Matches($"which is taken by a run of this spec on other data \\(data file '{File}'",
            Assert.Single((await catalog.Submit(request)).Problems).Found);
    }

    /// <summary>Columns that were left out stand in the specs of new runs, and in those of a former release they do not.</summary>
    [Fact]
    public async Task RunOfAFormerRelease_IsFound_ByTheSpecThatItWasSubmittedWith()
    {
        var spec = Spec("x,note,y\n" + Rows);
        var run = Born(spec, withData: false, completed: false);
        Assert.DoesNotContain("inputs", await System.IO.File.ReadAllTextAsync(fixture.Silos.Directory(run).Spec,
            TestContext.Current.CancellationToken), StringComparison.Ordinal);

        var reply = await fixture.Silos.Grains.GetGrain<ICatalogGrain>(0)
            .Submit(new(run, spec.Written(), Protocol: ProtocolVersion.Current));

        Assert.Empty(reply.Problems);
        Assert.True(reply.Reattached);
        Assert.Equal(RunState.Completed, (await Continue(run)).End.State);
    }

    private RunSpec Spec(string text)
    {
        System.IO.File.WriteAllText(File, text);
        var spec = TestSpecs.Average(trainers: 1, epochs: 1);
        return spec with
        {
            Name = $"born-{Interlocked.Increment(ref _runs)}",
            Model = spec.Model with { InputSize = 2, OutputSize = 2 },
            Data = new() { Source = new CsvSource { Path = File }, BatchSize = 1 },
        };
    }

    /// <summary>A run as its submission leaves it; of another cluster, so that no silo continues it before the test does.</summary>
    private RunId Born(RunSpec spec, bool withData, bool completed = true)
    {
        fixture.Calls.Reset();
        var run = RunId.Parse($"{spec.Name}-0");
        var store = new RunStore(Options.Create(new TbpttGrainsOptions { RunsDirectory = fixture.Silos.Store }));
        using var prepared = PreparedRun.Prepare(spec);
        var status = new RunStatus
        {
            Id = run.Text, Name = spec.Name, State = RunState.Starting, Epochs = 1, Directory = store.Of(run).Path,
            Cluster = "elsewhere",
        };
        Assert.Equal(RunBirth.Born, store.Create(
            completed ? prepared.Spec : spec, status, withData ? new(prepared.Files, prepared.Description) : null));
        return run;
    }

    private async Task<FinishedRun> Continue(RunId run)
    {
        var directory = fixture.Silos.Directory(run);
        var status = directory.ReadStatus()! with { Cluster = fixture.Silos.Cluster.Options.ClusterId };
        await System.IO.File.WriteAllTextAsync(directory.Status, RunJson.Write(status), TestContext.Current.CancellationToken);
        await fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).EnsureRunning();
        return await fixture.Silos.Watch(run);
    }

    private sealed class Near : IEqualityComparer<(double First, double Second)>
    {
        public bool Equals((double First, double Second) one, (double First, double Second) other) =>
            Math.Abs(one.First - other.First) < 1e-12 && Math.Abs(one.Second - other.Second) < 1e-12;

        public int GetHashCode((double First, double Second) pair) => 0;
    }
}
