using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class SlotQueueTests
{
    private static readonly SlotReply Granted = new(true, 0, "");
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly SlotQueue _queue;

    public SlotQueueTests() => _queue = new(_time);

    [Theory]
    [InlineData(3, 3, true)]
    [InlineData(3, 4, true)]
    [InlineData(3, 2, false)]
    public void Run_Begins_WhenAsManySlotsAreFreeAsItHasTrainers(int trainers, int free, bool granted)
    {
        var reply = Ask("a", trainers, silos: [Silo(2, Of("x", 2)), Silo(free + 1, Of("y", 1))]);

        Assert.Equal(granted ? Granted : new(false, 0, $"waits for 3 free slots of {free + 3}, {free} free"), reply);
    }

    [Fact]
    public void HigherPriority_GoesFirst_ThenWhoCameFirst_ThenTheId()
    {
        var full = Silo(2, Of("x", 2));
        foreach (var (run, priority, day) in new[] { ("d", 0, 1), ("c", 0, 1), ("b", 0, 0), ("a", 5, 9), ("e", -1, 0) })
            Assert.False(Ask(run, 1, priority, day, full).Granted);

        int[] positions = [.. new[] { ("a", 5, 9), ("b", 0, 0), ("c", 0, 1), ("d", 0, 1), ("e", -1, 0) }
            .Select(one => Ask(one.Item1, 1, one.Item2, one.Item3, full).Position)];

        Assert.Equal([0, 1, 2, 3, 4], positions);
    }

    [Fact]
    public void Nobody_OvertakesALargeRunThatWaits()
    {
        var silo = Silo(4, Of("x", 2));
        Assert.Equal(new(false, 0, "waits for 3 free slots of 4, 2 free"), Ask("large", 3, day: 0, silos: silo));

        Assert.Equal(new(false, 1, "waits for 1 free slot of 4, 2 free, behind 1 other run"), Ask("small", 1, day: 1, silos: silo));
        Assert.Equal(new(false, 2, "waits for 2 free slots of 4, 2 free, behind 2 other runs"), Ask("other", 2, day: 2, silos: silo));
        Assert.Equal(Granted, Ask("urgent", 1, priority: 1, day: 3, silos: silo));
    }

    [Fact]
    public void Run_BeginsWithEachSlotInTurn_AsThoseBeforeItAreServed()
    {
        Assert.False(Ask("b", 2, day: 1, silos: Silo(2, Of("x", 1))).Granted);
        Assert.False(Ask("a", 2, day: 0, silos: Silo(2, Of("x", 1))).Granted);

        Assert.Equal(1, Ask("b", 2, day: 1, silos: Silo(2)).Position);
        Assert.Equal(Granted, Ask("a", 2, day: 0, silos: Silo(2)));
        Assert.Equal(new(false, 0, "waits for 2 free slots of 2, 0 free"), Ask("b", 2, day: 1, silos: Silo(2, Of("a", 2))));
        Assert.Equal(Granted, Ask("b", 2, day: 1, silos: Silo(2)));
    }

    [Fact]
    public void RunLargerThanTheCluster_Begins_WhenItHasItToItself()
    {
        Assert.Equal(new(false, 0, "waits for 4 free slots of 4, 3 free"), Ask("large", 9, silos: [Silo(2, Of("x", 1)), Silo(2)]));
        Assert.Equal(Granted, Ask("large", 9, silos: [Silo(2), Silo(2)]));
    }

    [Fact]
    public void DrainingSilos_AndThoseWithoutSlots_OfferNothing()
    {
        var leaving = Silo(8, Of("x", 1)) with { Draining = true };

        Assert.Equal(new(false, 0, "waits for a silo that offers slots"), Ask("a", 1));
        Assert.Equal(new(false, 0, "waits for a silo that offers slots"), Ask("a", 1, silos: [Silo(0), leaving]));
        Assert.Equal(
            new(false, 0, "waits for a silo that offers slots on a GPU"),
            _queue.Ask(new(RunId.Parse("a"), 1, 0, DateTimeOffset.UnixEpoch) { Kind = "cuda" }, []));
        Assert.Equal(new(false, 0, "waits for 2 free slots of 2, 1 free"), Ask("a", 2, silos: [Silo(0), leaving, Silo(2, Of("y", 1))]));
        Assert.Equal(Granted, Ask("a", 2, silos: [Silo(0), leaving, Silo(2)]));
    }

    [Fact]
    public void OverfullSilo_DoesNotShowAsLessThanNothingFree() =>
        Assert.Equal(new(false, 0, "waits for 1 free slot of 2, 0 free"), Ask("a", 1, silos: Silo(2, Of("x", 5))));

    [Fact]
    public void RunThatDoesNotAsk_IsForgotten_AfterFiveSeconds()
    {
        var full = Silo(1, Of("x", 1));
        Ask("first", 1, day: 0, silos: full);
        Ask("second", 1, day: 1, silos: full);

        _time.Advance(SlotQueue.Silence);
        Assert.Equal(1, Ask("second", 1, day: 1, silos: full).Position);
        _time.Advance(Moment);
        Assert.Equal(0, Ask("second", 1, day: 1, silos: full).Position);

        Assert.Equal(TimeSpan.FromSeconds(5), SlotQueue.Silence);
        Ask("first", 1, day: 0, silos: full);
        Assert.Equal(1, Ask("second", 1, day: 1, silos: full).Position);
    }

    [Fact]
    public void GrantedSlots_AreKept_UntilTheTrainersShow()
    {
        Assert.Equal(Granted, Ask("a", 2, silos: Silo(3)));

        Assert.Equal(new(false, 0, "waits for 2 free slots of 3, 1 free"), Ask("b", 2, silos: Silo(3)));
        Assert.Equal(new(false, 0, "waits for 2 free slots of 3, 1 free"), Ask("b", 2, silos: Silo(3, Of("a", 1))));
        Assert.Equal(new(false, 0, "waits for 2 free slots of 3, 1 free"), Ask("b", 2, silos: Silo(3, Of("a", 2))));

        // They have shown; what they held is free again when they are gone.
        Assert.Equal(Granted, Ask("b", 2, silos: Silo(3)));
    }

    [Fact]
    public void GrantedSlots_AreKept_ThirtySecondsAtMost()
    {
        Assert.Equal(Granted, Ask("a", 2, silos: Silo(3)));

        _time.Advance(SlotQueue.Reserve);
        Assert.False(Ask("b", 2, silos: Silo(3)).Granted);
        _time.Advance(Moment);

        Assert.Equal(Granted, Ask("b", 2, silos: Silo(3)));
        Assert.Equal(TimeSpan.FromSeconds(30), SlotQueue.Reserve);
    }

    [Fact]
    public void RunWhoseTrainersLive_IsGrantedAtOnce_EvenIfOthersWait()
    {
        Ask("waits", 1, priority: 9, silos: Silo(2, Of("a", 2)));

        Assert.Equal(Granted, Ask("a", 3, silos: Silo(2, Of("a", 2))));
        Assert.Equal(Granted, Ask("a", 3, silos: Silo(2, Of("a", 1)) with { Draining = true }));
    }

    [Fact]
    public void RunThatGrows_TakesFreeSlots_AndKeepsThem()
    {
        var silo = Silo(4, Of("a", 1));

        Assert.Equal(new(false, 0, "found 3 free, expected 4 further slots of 5"), Grow("a", 5, [silo, Silo(1, Of("b", 1))]));
        Assert.Equal(Granted, Grow("a", 3, [silo]));
        Assert.Equal(new(false, 0, "waits for 2 free slots of 4, 1 free"), Ask("b", 2, silos: silo));

        _queue.Withdraw(RunId.Parse("b"));
        Assert.Equal(Granted, Grow("a", 9, [silo]));
    }

    [Fact]
    public void RunThatGrows_DoesNotOvertakeOneThatWaits_UnlessItsPriorityIsHigher()
    {
        var silo = Silo(4, Of("a", 1));
        Assert.False(Ask("large", 4, priority: 1, silos: silo).Granted);

        Assert.Equal(
            new(false, 1, "found 1 run waiting for slots, expected none before 1 further slot of 4 is taken"), Grow("a", 2, [silo], 1));
        Assert.Equal(Granted, Grow("a", 2, [silo], 2));
        Assert.Equal(Granted, Grow("a", 1, [silo]));
    }

    [Fact]
    public void RunThatScales_TakesWhatIsFree_UpToItsMost()
    {
        Assert.Equal(new(3, "slots are free"), Scale("a", 1, 1, 8, [Silo(4, [.. Of("a", 1), .. Of("x", 1)])]));
        Assert.Equal(new(2, "slots are free"), Scale("b", 1, 1, 2, [Silo(9, [.. Of("a", 3), .. Of("b", 1)])]));
        Assert.Equal(new(2, ""), Scale("b", 2, 1, 2, [Silo(9, [.. Of("a", 3), .. Of("b", 2)])]));
        Assert.Equal(new(2, ""), Scale("b", 2, 1, 9, [Silo(4, [.. Of("x", 3), .. Of("b", 2)])]));
    }

    [Fact]
    public void RunThatScales_GivesSlotsBack_ToTheRunThatGoesNextIfItsPriorityIsHigher()
    {
        var full = Silo(6, [.. Of("a", 4), .. Of("x", 2)]);
        Assert.False(Ask("equal", 2, day: 1, silos: full).Granted);
        Assert.Equal(new(4, ""), Scale("a", 4, 1, 6, [full]));

        Assert.False(Ask("urgent", 2, priority: 1, day: 2, silos: full).Granted);
        Assert.Equal(new(2, "run urgent, which has a higher priority, waits for slots"), Scale("a", 4, 1, 6, [full]));

        // Resized, but its former trainers still show: it gives no more than before, and takes nothing back.
        Assert.Equal(new(2, "run urgent, which has a higher priority, waits for slots"), Scale("a", 2, 1, 6, [full]));
        var room = Silo(6, [.. Of("a", 2), .. Of("x", 2)]);
        Assert.Equal(new(2, ""), Scale("a", 2, 1, 6, [room]));
        Assert.Equal(Granted, Ask("urgent", 2, priority: 1, day: 2, silos: room));
        Assert.Equal(new(2, ""), Scale("a", 2, 1, 6, [room]));
    }

    [Fact]
    public void RunsThatScale_GiveByPriority_AndOnlyWhereThatHelps()
    {
        var full = Silo(7, [.. Of("a", 3), .. Of("b", 3), .. Of("x", 1)]);
        Scale("a", 3, 2, 9, [full], priority: 1);
        Scale("b", 3, 1, 9, [full]);
        Assert.False(Ask("urgent", 4, priority: 2, day: 2, silos: full).Granted);
        Assert.Equal((3, 3), (Scale("a", 3, 2, 9, [full], priority: 1).Trainers, Scale("b", 3, 1, 9, [full]).Trainers));

        Assert.False(Ask("urgent", 3, priority: 2, day: 2, silos: full).Granted);
        Assert.Equal((2, 1), (Scale("a", 3, 2, 9, [full], priority: 1).Trainers, Scale("b", 3, 1, 9, [full]).Trainers));

        Assert.False(Ask("urgent", 2, priority: 2, day: 2, silos: full).Granted);
        Assert.Equal((3, 1), (Scale("a", 3, 2, 9, [full], priority: 1).Trainers, Scale("b", 3, 1, 9, [full]).Trainers));

        // From who does not ask any more nothing is expected.
        _time.Advance(SlotQueue.Silence + Moment);
        Assert.False(Ask("urgent", 2, priority: 2, day: 2, silos: full).Granted);
        Assert.Equal(3, Scale("a", 3, 2, 9, [full], priority: 1).Trainers);
    }

    /// <summary>One of five slots goes from the run that has four to the run that came later; then each keeps what it has.</summary>
    [Fact]
    public void RunsThatScale_ShareEvenly_WhereTheirPriorityIsTheSame()
    {
        SiloReport Now(int a, int b, int other = 0) => Silo(5, [.. Of("a", a), .. Of("b", b), .. Of("x", other)]);

        Scale("a", 4, 1, 9, [Now(4, 1)]);
        Assert.Equal(new(1, ""), Scale("b", 1, 1, 9, [Now(4, 1)]));
        Assert.Equal(new(3, "run b, which has the same priority, has fewer trainers"), Scale("a", 4, 1, 9, [Now(4, 1)]));
        Assert.Equal(new(3, ""), Scale("a", 3, 1, 9, [Now(4, 1)]));
        Assert.Equal(new(2, "slots are free"), Scale("b", 1, 1, 9, [Now(3, 1)]));
        Assert.Equal(new(3, ""), Scale("a", 3, 1, 9, [Now(3, 1)]));
        _queue.Withdraw(RunId.Parse("b"));
        Assert.Equal((3, 2), (Scale("a", 3, 1, 9, [Now(3, 2)]).Trainers, Scale("b", 2, 1, 9, [Now(3, 2)]).Trainers));

        // Neither less than its least, nor for a run that could not take it.
        Assert.Equal(4, Scale("a", 4, 4, 9, [Now(4, 1)]).Trainers);
        Scale("b", 1, 1, 1, [Now(4, 1)]);
        Assert.Equal(4, Scale("a", 4, 1, 9, [Now(4, 1)]).Trainers);

        // Who waits would take what is given back.
        Scale("b", 1, 1, 9, [Now(4, 1)]);
        Assert.False(Ask("c", 1, day: 3, silos: Now(4, 1)).Granted);
        Assert.Equal(4, Scale("a", 4, 1, 9, [Now(4, 1)]).Trainers);
    }

    [Fact]
    public void WithdrawnRun_WaitsNoLonger_AndKeepsNoSlots()
    {
        Assert.Equal(Granted, Ask("granted", 2, day: 0, silos: Silo(2)));
        Ask("first", 2, day: 1, silos: Silo(2));
        Assert.Equal(new(false, 1, "waits for 2 free slots of 2, 0 free, behind 1 other run"), Ask("second", 2, day: 2, silos: Silo(2)));

        _queue.Withdraw(RunId.Parse("first"));
        Assert.Equal(new(false, 0, "waits for 2 free slots of 2, 0 free"), Ask("second", 2, day: 2, silos: Silo(2)));
        _queue.Withdraw(RunId.Parse("granted"));
        Assert.Equal(Granted, Ask("second", 2, day: 2, silos: Silo(2)));
        _queue.Withdraw(RunId.Parse("never-seen"));
    }

    [Fact]
    public void RunThatAsksAnew_IsTakenByItsNewWords()
    {
        var full = Silo(2, Of("x", 2));
        Ask("a", 2, priority: 1, silos: full);
        Ask("b", 1, priority: 0, silos: full);

        Assert.Equal(1, Ask("a", 2, priority: -1, silos: full).Position);
        Assert.Equal(0, Ask("b", 1, priority: 0, silos: full).Position);
    }

    [Fact]
    public void TrainerOfTwoThreads_TakesTwoSlots_OfOneSilo()
    {
        var request = new SlotRequest(RunId.Parse("a"), 2, 0, DateTimeOffset.UnixEpoch) { FurtherThreads = 1 };
        var free = Of("x", 1);

        Assert.Equal(
            new(false, 0, "waits for 4 free slots of 6, 2 free"), _queue.Ask(request, [Silo(3, free), Silo(4, Of("y", 3))]));
        Assert.Equal(Granted, _queue.Ask(request, [Silo(3, free), Silo(4, free)]));
        Assert.Equal(
            new(false, 0, "waits for 1 free slot of 4, 0 free"),
            Ask("b", 1, silos: [Silo(4, [.. Of("a", 2).Select(one => one with { FurtherThreads = 1 })])]));

        // Where no silo has so many, the threads share what there is.
        _queue.Withdraw(request.Run);
        Assert.Equal(Granted, _queue.Ask(request, [Silo(1), Silo(1)]));
    }

    [Fact]
    public void RunThatScales_TakesAndGivesWholeTrainers()
    {
        var own = new SlotRequest(RunId.Parse("a"), 1, 0, DateTimeOffset.UnixEpoch) { FurtherThreads = 1 };
        SiloTrainer[] one = [.. Of("a", 1).Select(trainer => trainer with { FurtherThreads = 1 })];
        SiloTrainer[] three = [.. Of("a", 3).Select(trainer => trainer with { FurtherThreads = 1 })];

        Assert.Equal(new(3, "slots are free"), _queue.Scale(new(own, 1, 8), [Silo(7, one)]));
        Ask("urgent", 1, priority: 5, silos: Silo(6, three));
        Assert.Equal(
            new(2, "run urgent, which has a higher priority, waits for slots"),
            _queue.Scale(new(own with { Trainers = 3 }, 1, 8), [Silo(6, three)]));
    }

    private SlotReply Ask(string run, int trainers, int priority = 0, int day = 0, params SiloReport[] silos) =>
        _queue.Ask(new(RunId.Parse(run), trainers, priority, DateTimeOffset.UnixEpoch.AddDays(day)), silos);

    private ScaleReply Scale(string run, int trainers, int least, int most, SiloReport[] silos, int priority = 0) =>
        _queue.Scale(new(new(RunId.Parse(run), trainers, priority, DateTimeOffset.UnixEpoch), least, most), silos);

    private SlotReply Grow(string run, int trainers, SiloReport[] silos, int priority = 0) =>
        _queue.Grow(new(RunId.Parse(run), trainers, priority, DateTimeOffset.UnixEpoch), silos);

    private static SiloReport Silo(int slots, params SiloTrainer[] trainers) =>
        new() { Name = "silo", Address = "", Pid = 1, Version = "", Devices = ["cpu"], Slots = slots, Trainers = trainers };

    private static SiloTrainer[] Of(string run, int trainers) =>
        [.. Enumerable.Range(0, trainers).Select(index => new SiloTrainer(RunId.Parse(run), index))];
}
