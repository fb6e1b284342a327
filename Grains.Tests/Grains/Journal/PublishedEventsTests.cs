using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Journal;

public sealed class PublishedEventsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Journal => _directory.File("metrics.jsonl");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Nothing_WasPublished_WhereThereIsNoJournal()
    {
        var published = new PublishedEvents(Journal, 0, 2);

        Assert.Equal((0, 0), (published.LastStep, published.LastEpoch));
        Assert.Null(published.Difference(1, 1, hash: null));
    }

    [Theory]
    [InlineData(0, 3, 2)]
    [InlineData(3, 3, 2)]
    [InlineData(5, 3, 2)]
    [InlineData(6, 0, 2)]
    [InlineData(7, 0, 0)]
    [InlineData(99, 0, 0)]
    [InlineData(long.MaxValue, 0, 0)]
    public void LastStepAndEpoch_AreThoseAfterTheCheckpointsEvent(long after, long lastStep, int lastEpoch)
    {
        Write(Step(1, 0.5), Epoch(1), new RunWarning { Message = "w" }, Step(2, 0.25), new RunPaused { Step = 2, Reason = "r" },
            Step(3, 0.125), Epoch(2));

        var published = new PublishedEvents(Journal, after, 2);

        Assert.Equal((lastStep, lastEpoch), (published.LastStep, published.LastEpoch));
    }

    [Theory]
    [InlineData("{\"type\":\"a-kind-of-tomorrow\",\"number\":2}", true)]
    [InlineData("{\"type\":\"rewind\",\"number\":2,\"generation\":1,\"step\":1,\"trainers\":[0],\"reason\":\"lost\"}", true)]
    [InlineData("{\"type\":\"step\",\"number\":2}", false)]
    [InlineData("{\"number\":2}", false)]
    [InlineData("{\"type\":\"a-kind-of-tom", false)]
    public void Event_OfAnUnknownKind_IsPassedOver(string line, bool passes)
    {
        Write(Step(1, 0.5));
        File.AppendAllText(Journal, $"{line}\n{RunJson.Write(Step(2, 0.5))}\n");

        var published = new PublishedEvents(Journal, 0, 2);

        Assert.Equal(passes, published.Problem is null);
        Assert.Equal(passes ? 2 : 1, published.LastStep);
    }

    [Fact]
    public void Loss_Differs_InItsLastBit_AndOnlyWhereItWasPublished()
    {
        double loss = 1.0 / 3, next = Math.BitIncrement(loss);
        Write(Step(1, loss), Step(2, loss), Step(3, loss));
        var published = new PublishedEvents(Journal, 1, 2);

        Assert.Null(published.Difference(1, next, hash: null));
        Assert.Null(published.Difference(2, loss, hash: null));
        Assert.Equal("a loss of 0.3333333333333333 before and has 0.33333333333333337", published.Difference(3, next, hash: null));
        Assert.Null(published.Difference(4, next, hash: null));
    }

    [Fact]
    public void Hash_Differs_WhereTheLossIsTheSame_AndBothAreKnown()
    {
        Write(Step(1, 1) with { StateHash = new(1) }, Step(2, 1) with { StateHash = new(2) }, Step(3, 1) with { StateHash = new(3) },
            Step(4, 1));
        var published = new PublishedEvents(Journal, 0, 2);

        Assert.Null(published.Difference(1, 1, new(1)));
        Assert.Equal("a state with hash 0000000000000002 before and has 0000000000000005", published.Difference(2, 1, new(5)));
        Assert.Null(published.Difference(3, 1, hash: null));
        Assert.Null(published.Difference(4, 1, new(4)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Steps_AreCompared_OnlyWithWhatAsManyTrainersPublished(long after)
    {
        // Resumed with other trainers, and the coordinator lost before the first checkpoint.
        Write(Started(3), Step(1, 1), Step(2, 2), Started(2), Step(3, 3));
        var published = new PublishedEvents(Journal, after, 2);

        Assert.Equal(3, published.LastStep);
        Assert.Null(published.Difference(2, 2.5, hash: null));
        Assert.Equal("a loss of 3 before and has 3.5", published.Difference(3, 3.5, hash: null));
    }

    [Fact]
    public void TornLastLine_WasNotPublished()
    {
        Write(Step(1, 1));
        File.AppendAllText(Journal, Line(Step(2, 1)).TrimEnd('\n'));

        Assert.Equal(1, new PublishedEvents(Journal, 0, 2).LastStep);
    }

    [Fact]
    public void DamagedLine_IsNoEvent_AndSaidToBeNone()
    {
        Write(Step(1, 1));
        File.AppendAllText(Journal, "\0\0\0\0\n" + Line(Step(3, 1)));

        var published = new PublishedEvents(Journal, 0, 2);

        Assert.Contains("metrics.jsonl: line 2 is no event", published.Problem);
        Assert.Null(new PublishedEvents(Journal, 2, 2).Problem);
        Assert.Equal(3, new PublishedEvents(Journal, 2, 2).LastStep);
    }

    private void Write(params RunEvent[] events) => File.WriteAllText(Journal, string.Concat(events.Select(Line)));

    private static string Line(RunEvent runEvent) => RunJson.Write(runEvent) + "\n";

    private static RunStarted Started(int trainers) => new()
    {
        Run = "r", Name = "r", Epochs = 1, StepsPerEpoch = 9, Trainers = trainers, Lanes = 6, Parameters = 1, Directory = "/runs/r",
    };

    private static StepCommitted Step(long step, double loss) =>
        new() { Step = step, Epoch = 1, Loss = loss, GradientNorm = 1, LearningRate = 1, Weight = 1, Seconds = 1 };

    private static EpochFinished Epoch(int epoch) => new() { Epoch = epoch, Step = epoch, Loss = 1, Seconds = 1 };
}
