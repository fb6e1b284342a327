using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>What a takeover makes of the journal that it finds.</summary>
public sealed class TakeoverJournalTests : TakeoverTest
{
    [Theory]
    [InlineData(6, true)]
    [InlineData(7, false)]
    [InlineData(8, false)]
    public void Checkpoint_IsNotUsed_WhenTheJournalEndsBeforeIt(int events, bool older)
    {
        Saved.Begin(1);
        Save(1, 4, lastEvent: 3);
        Save(1, 8, lastEvent: 7);
        Report(Steps(events));
        File.AppendAllText(Directory.Metrics, "{\"type\":\"step\",\"num");

        var takeover = Begin();

        Assert.Null(takeover.Problem);
        Assert.Equal(older ? "1-4" : "1-8", $"{takeover.Restored!.Name}");
        Assert.Equal(older ? ["checkpoint 1-8: found that metrics.jsonl ends at event 6, expected event 7, after which it was taken: "
            + "the file was shortened"] : [], takeover.PassedOver);
        Assert.Equal(events, takeover.Progress.Journal.Last);
    }

    [Fact]
    public void Run_DoesNotContinue_WhenTheJournalEndsBeforeAllOfItsCheckpoints_UnlessFromItsStart()
    {
        Saved.Begin(1);
        Save(1, 8, lastEvent: 7);
        Report(Steps(2));

        Assert.Matches("^none of its checkpoints can be used: checkpoint 1-8: .*ends at event 2.*--from-start", Begin().Problem);
        Assert.Null(Begin(Status() with { State = RunState.Failed }, new(FromStart: true)).Problem);
    }

    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(1, 1, true)]
    [InlineData(3, 1, true)]
    [InlineData(1, 2, false)]
    public void EndInTheJournal_IsTheRuns_UnlessTheStatusIsNewer(int generation, int statusGeneration, bool taken)
    {
        // A run that was stopped and resumed has a newer status than its former end, which may still be the last event.
        Saved.Begin(3);
        Report(Step(1), End(generation));

        var takeover = Begin(Status() with { State = RunState.Running, Generation = statusGeneration });

        Assert.Equal(taken ? "its own words" : null, takeover.End?.Message);
        Assert.Null(takeover.Problem);
        Assert.Equal(4, takeover.Fence.Generation);
    }

    [Fact]
    public void EndInTheJournal_IsNotTheRuns_WhenSomebodyResumesIt()
    {
        Saved.Begin(1);
        Report(Step(1), End(1));

        Assert.Null(Begin(Status() with { Generation = 1 }, new()).End);
    }

    [Fact]
    public void EndInTheJournal_IsNotTheRuns_WhenAnythingFollowsIt()
    {
        Saved.Begin(2);
        Report(Step(1), End(1), Step(2));

        Assert.Null(Begin(Status() with { Generation = 1 }).End);
    }

    [Fact]
    public void Run_DoesNotContinue_WithADamagedJournal_AndSaysWhere()
    {
        Saved.Begin(1);
        Report(Step(1));
        File.AppendAllText(Directory.Metrics, "\0\0\0\n" + RunJson.Write(Step(3)) + "\n");

        Assert.Contains("metrics.jsonl: line 2 is no event", Begin().Problem);
    }
}
