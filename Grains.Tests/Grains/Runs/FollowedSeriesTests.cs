using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A run that waits for rows of several series, some of which come faster than others, or first when it runs.</summary>
public sealed class FollowedSeriesTests(OneSilo fixture) : FollowedRuns(fixture)
{
    /// <summary>The shops of the rows that come: b sells most, c nothing any more, d opens.</summary>
    private const string Shops = "babbabdb";

    [Theory]
    [InlineData(67)]
    [InlineData(900)]
    public async Task FollowedRun_GivesTheSameBits_HoweverRowsOfSeriesCome_AndWhereItIsResumed(int piece)
    {
        var (parent, spec, first) = await Trained();
        await Append(spec, Later(0, 400));
        var all = await Fixture.Silos.Train(Followed(parent, idleSeconds: 1, lanes: 5));
        await Write(spec, first);
        var run = await Fixture.Silos.Submit(Followed(parent, lanes: 5) with { Name = "pieces" });

        string rest = Later(0, 400);
        await Append(spec, rest[..(rest.Length / 2)]);
        await Waiting(run, status => status.Step > parent.Status.Step);
        await Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).StopRun("enough");
        await Fixture.Silos.Watch(run);
        Assert.Equal("", (await Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text)
            .ResumeRun(new(Protocol: ProtocolVersion.Current))).Problem);
        foreach (char[] text in rest[(rest.Length / 2)..].Chunk(piece))
            await Append(spec, new string(text));
        var child = await Stopped(run, all.Status.Step, ends: 2);

        Assert.True(all.Status.Step > parent.Status.Step + 10);
        Assert.Equal(all.StepLosses, child.StepLosses);
        Assert.Equal(all.GradientNorms, child.GradientNorms);
        await SameResult(all, child);
    }

    /// <summary>What waited for other series in a run that completed is the first that the next one is trained on.</summary>
    [Fact]
    public async Task FollowedSeries_AreFollowedFurther_ByARunThatExtendsThem()
    {
        var (parent, spec, first) = await Trained();
        await Append(spec, Later(0, 300));
        var all = await Fixture.Silos.Train(Followed(parent, idleSeconds: 1, lanes: 4));
        await Write(spec, first + Later(0, 140));
        var child = await Fixture.Silos.Train(Followed(parent, idleSeconds: 1, lanes: 4) with { Name = "half" });
        await Write(spec, first + Later(0, 300));
        var grandchild = await Fixture.Silos.Train(Followed(child, idleSeconds: 1, lanes: 4) with { Name = "rest" });

        Assert.NotEmpty(grandchild.StepLosses);
        Assert.Equal(all.StepLosses, child.StepLosses.Concat(grandchild.StepLosses));
        await SameResult(all, grandchild);
    }

    /// <summary>Nothing of that reading is trained on; the remedy is a run with more lanes.</summary>
    [Fact]
    public async Task FollowedRun_Fails_WhereASeriesHasNoLane()
    {
        var (parent, spec, _) = await Trained();
        var run = await Fixture.Silos.Submit(Followed(parent, lanes: 3));
        await Append(spec, Later(0, 60));

        var end = (await Fixture.Silos.Watch(run)).End;

        Assert.Equal(RunState.Failed, end.State);
        Assert.Matches("data.series: found series 'd', the 4th, with data.batchSize 3, expected a lane for each series of a file that is "
            + "followed; extend the parent once more, with --set data.batchSize=N", end.Message);
        var more = await Fixture.Silos.Train(Followed(parent, idleSeconds: 1, lanes: 4) with { Name = "more" });
        Assert.Equal(RunState.Completed, more.End.State);
    }

    private static RunSpec Followed(FinishedRun parent, int lanes, int idleSeconds = 0)
    {
        RunSpec spec = Following(parent, idleSeconds);
        return spec with { Data = spec.Data with { BatchSize = lanes }, Train = spec.Train with { Trainers = 2 } };
    }

    private static string Later(int from, int to) => string.Concat(Enumerable.Range(from, to - from)
        .Select(row => FormattableString.Invariant($"{Shops[row % Shops.Length]},{Math.Round(Math.Cos(row * 0.7), 4)}\n")));

    private static Task Write(RunSpec spec, string text) =>
        File.WriteAllTextAsync(GrowingData.FileOf(spec), text, TestContext.Current.CancellationToken);

    private async Task<(FinishedRun Parent, RunSpec Spec, string Content)> Trained()
    {
        RunSpec spec = Data.Spec("series", trainers: 1);
        GrowingData.Write(spec, Rows);
        return (await Fixture.Silos.Train(spec), spec, GrowingData.Content(spec, Rows));
    }
}
