using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Grains.Silos;

public sealed class SiloOccupantsTests
{
    private readonly SiloDrain _drain = new();
    private readonly SiloOccupants _occupants;

    public SiloOccupantsTests() => _occupants = new(_drain);

    [Fact]
    public void Trainers_AreHere_FromEnteringToLeaving()
    {
        var first = _occupants.Enter(Trainer("a", 0));
        var second = _occupants.Enter(Trainer("a", 1));
        var other = _occupants.Enter(Trainer("b", 0));
        Assert.Equal([("a", 0), ("a", 1), ("b", 0)], Here());
        Assert.Equal(["trainer 0 of a", "trainer 0 of b", "trainer 1 of a"], _drain.Occupants.Order(StringComparer.Ordinal));

        first.Dispose();
        first.Dispose();

        Assert.Equal([("a", 1), ("b", 0)], Here());
        second.Dispose();
        other.Dispose();
        Assert.Empty(Here());
        Assert.Empty(_drain.Occupants);
    }

    [Fact]
    public void TrainersGeneration_IsSeen_AsItGrows()
    {
        var trainer = Trainer("a", 0);
        using var here = _occupants.Enter(trainer);

        trainer.Generation = 7;

        Assert.Equal(7, Assert.Single(_occupants.Trainers).Generation);
    }

    [Fact]
    public void Run_IsCoordinatedHere_UntilTheLastOfItsCoordinatorsHasLeft()
    {
        var (a, b) = (RunId.Parse("a"), RunId.Parse("b"));
        var former = _occupants.Enter(a);
        var other = _occupants.Enter(b);
        var resumed = _occupants.Enter(a);
        Assert.Equal([a, b], Coordinators());

        former.Dispose();
        former.Dispose();
        Assert.Equal([a, b], Coordinators());
        resumed.Dispose();
        Assert.Equal([b], Coordinators());

        using (_occupants.Enter(a))
            Assert.Equal([a, b], Coordinators());
        other.Dispose();
        Assert.Empty(Coordinators());
        Assert.Empty(_drain.Occupants);
    }

    [Fact]
    public async Task Silo_Leaves_WhenItDrains_AndIsEmptyWhenAllAreGone()
    {
        var trainer = _occupants.Enter(Trainer("a", 0));
        var coordinator = _occupants.Enter(RunId.Parse("a"));
        Assert.False(_occupants.IsLeaving);
        Assert.False(_occupants.Leaving.IsCompleted);

        _drain.Begin();
        await _occupants.Leaving;

        Assert.True(_occupants.IsLeaving);
        coordinator.Dispose();
        Assert.False(_drain.Drained.IsCompleted);
        trainer.Dispose();
        await _drain.Drained;
    }

    [Fact]
    public void ManyAtOnce_AreCountedRight()
    {
        var run = RunId.Parse("a");
        Parallel.For(0, 2000, index =>
        {
            using var coordinator = _occupants.Enter(run);
            using var trainer = _occupants.Enter(Trainer("a", index));
            Assert.Contains(run, _occupants.Coordinators);
            Assert.Contains(_occupants.Trainers, one => one.Trainer.Index == index);
        });

        Assert.Empty(_occupants.Coordinators);
        Assert.Empty(_occupants.Trainers);
        Assert.Empty(_drain.Occupants);
    }

    private IEnumerable<(string Run, int Index)> Here() => _occupants.Trainers.Select(one => (one.Trainer.Run.Text, one.Trainer.Index))
        .Order();

    private IEnumerable<RunId> Coordinators() => _occupants.Coordinators.OrderBy(run => run.Text, StringComparer.Ordinal);

    private static Occupant Trainer(string run, int index) =>
        new(GrainId.Create("trainer", $"{run}-{index}"), new(RunId.Parse(run), index));
}
