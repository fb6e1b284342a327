using System.Net;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class TrainerPlacementTests
{
    private static readonly RunId Run = RunId.Parse("r");
    private static readonly SiloAddress A = Address(1), B = Address(2), C = Address(3);

    [Fact]
    public void Trainers_AreSpread_TheOwnSiloFirst_NeighboursTogether()
    {
        Assert.Equal([A, A, B, B, C], Choose(5, [Silo(A, 4), Silo(B, 4), Silo(C, 4)]));
        Assert.Equal([C, A], Choose(2, [Silo(C, 4), Silo(A, 4)]));
        Assert.Equal([A, A, A, A, B, B, B, B], Choose(8, [Silo(A, 8), Silo(B, 8)]));
    }

    [Fact]
    public void Trainers_GoNextToTheirNeighbours_WhenOthersHaveTheirPlaces()
    {
        Assert.Equal([A, C],
            TrainerPlacement.Choose([Silo(A, 4), Silo(B, 2), Silo(C, 4)], Run, [A, null, null, C, B, B], new HashSet<SiloAddress>())!);
        Assert.Equal([A, B, B], TrainerPlacement.Choose([Silo(A, 4), Silo(B, 4)], Run, [A, null, null, null], new HashSet<SiloAddress>())!);
    }

    [Fact]
    public void Trainers_AreSpread_BySlots_AndNotByHeads()
    {
        var chosen = Choose(6, [Silo(A, 2), Silo(B, 4)]);

        Assert.Equal(2, chosen.Count(silo => silo.Equals(A)));
        Assert.Equal(4, chosen.Count(silo => silo.Equals(B)));
    }

    [Fact]
    public void TrainersOfOtherRuns_TakeSlots()
    {
        Assert.Equal([B, C], Choose(2, [Silo(A, 4, others: 3), Silo(B, 2), Silo(C, 4, others: 1)]));
        Assert.Equal([B, A], Choose(2, [Silo(A, 1, others: 1), Silo(B, 1)]));
    }

    [Fact]
    public void FreeSlots_GoBeforeFullSilos_HoweverManyMoreThereAre()
    {
        // Where all are full, they fill up evenly.
        Assert.Equal([B, B, B, B, B, B, A, A], Choose(8, [Silo(A, 2, others: 2), Silo(B, 8, others: 6)]));
    }

    [Fact]
    public void TrainersInPlace_Count_WhereTheCoordinatorKnowsThemToBe_AndNotWhereTheyAreReported()
    {
        var stale = new LivingSilo(B, Report(B, 4) with { Trainers = [new(Run, 0), new(Run, 1), new(Run, 2)] });

        Assert.Equal([B], Choose(1, [Silo(A, 4), stale], settled: [A]));
        Assert.Equal([A], Choose(1, [Silo(A, 4), stale], settled: [B]));
    }

    [Fact]
    public void TrainersOfSeveralThreads_GoWhereAllOfTheirSlotsAre()
    {
        var none = new HashSet<SiloAddress>();

        Assert.Equal([B, B, A], TrainerPlacement.Choose([Silo(A, 3), Silo(B, 4), Silo(C, 1)], Run, [null, null, null], none, slots: 2)!);
        Assert.Equal([B], TrainerPlacement.Choose([Silo(A, 2, others: 1), Silo(B, 8, others: 6)], Run, [null], none, slots: 2)!);
        Assert.Empty(TrainerPlacement.Moves([Silo(A, 2), Silo(B, 1)], Run, [A], slots: 2));
        Assert.Equal([B], TrainerPlacement.Moves([Silo(A, 1), Silo(B, 2)], Run, [A], slots: 2).Values);
    }

    [Fact]
    public void SiloToAvoid_IsTaken_OnlyWhereThereIsNoOther()
    {
        Assert.Equal([B, B, B], Choose(3, [Silo(A, 4), Silo(B, 1)], avoid: [A]));
        Assert.Equal([A, A], Choose(2, [Silo(A, 1)], avoid: [A]));
    }

    [Fact]
    public void Nothing_IsChosen_WithoutASiloThatOffersSlots()
    {
        Assert.Null(TrainerPlacement.Choose([], Run, [null], new HashSet<SiloAddress>()));
        Assert.Null(TrainerPlacement.Choose([Silo(A, 0), Draining(B, 4)], Run, [null], new HashSet<SiloAddress>()));
        Assert.Equal([C], Choose(1, [Silo(A, 0), Draining(B, 4), Silo(C, 1, others: 1)]));
    }

    [Fact]
    public void Trainer_Moves_ToTheBestSiloThatIsBetter_ThoughAnotherHasLessLoad() =>
        Assert.Equal([(2, C)], Moves([Silo(A, 8), Silo(B, 40), Silo(C, 8, others: 4)], A, A, A, B, B));

    [Fact]
    public void Nobody_Moves_WhereNothingIsBetter()
    {
        Assert.Empty(Moves([Silo(A, 4), Silo(B, 4)], A, B, A, B));
        Assert.Empty(Moves([Silo(A, 4), Silo(B, 4)], A, A, B));
        Assert.Empty(Moves([Silo(A, 4), Silo(B, 4)], A));
        Assert.Empty(Moves([Silo(A, 4)], A, A));
    }

    [Fact]
    public void Trainers_LeaveASiloThatIsAboutToEnd()
    {
        Assert.Equal([(1, A), (2, C)], Moves([Silo(A, 4), Draining(B, 4), Silo(C, 4)], A, B, B, C).OrderBy(move => move.Trainer));
        Assert.Equal([(0, B)], Moves([Draining(A, 4), Silo(B, 1, others: 1)], A));
    }

    [Fact]
    public void Trainers_StayOnASiloThatIsAboutToEnd_WhenThereIsNoOther() =>
        Assert.Empty(Moves([Draining(A, 4), Silo(B, 0)], A, A));

    [Fact]
    public void Trainers_MoveToAJoiner_UntilItHasNotTwoFewer()
    {
        Assert.Equal([(3, B), (2, B)], Moves([Silo(A, 4), Silo(B, 4)], A, A, A, A));
        Assert.Equal([(1, B)], Moves([Silo(A, 4), Silo(B, 4)], A, A));
        Assert.Equal([(2, B)], Moves([Silo(A, 4), Silo(B, 1)], A, A, A));
        Assert.Empty(Moves([Silo(A, 4), Silo(B, 1, others: 1)], A, A, A));
    }

    [Fact]
    public void Trainers_MoveFromAnOverfullSilo_ToAFreeSlot()
    {
        // One of the run's own each, so that only the others make the difference.
        Assert.Equal([(0, B)], Moves([Silo(A, 2, others: 2), Silo(B, 4)], A));
        Assert.Empty(Moves([Silo(A, 2, others: 1), Silo(B, 4)], A));
        Assert.Empty(Moves([Silo(A, 2, others: 2), Silo(B, 2, others: 2)], A));
        Assert.Equal([(2, B), (0, B)], Moves([Silo(A, 1, others: 1), Silo(B, 4)], A, B, A));
    }

    [Fact]
    public void SiloThatDoesNotAnswer_IsLeftAlone() =>
        Assert.Empty(Moves([Silo(A, 4), Silo(B, 4)], A, C, B, C));

    [Fact]
    public void Moves_LeaveNothingToMove()
    {
        LivingSilo[] silos = [Silo(A, 4, others: 2), Draining(B, 4), Silo(C, 8)];
        SiloAddress[] homes = [A, A, A, B, B];

        foreach (var (trainer, silo) in Moves(silos, homes))
            homes[trainer] = silo;

        Assert.DoesNotContain(B, homes);
        Assert.Empty(Moves(silos, homes));
    }

    [Fact]
    public void Spares_GoWhereThereIsRoom_AndTheDataAreOpen()
    {
        Assert.Equal(B, Host(1, [Silo(A, 1), Silo(B, 2), Silo(C, 8)], A, B));
        Assert.Equal(C, Host(2, [Silo(A, 1), Silo(B, 2), Silo(C, 8)], A, B));
        Assert.Equal(A, Host(1, [Silo(A, 4, others: 1), Silo(B, 4, others: 2)]));
    }

    [Fact]
    public void Spares_GoToAFullSilo_OnlyWhereItHasTrainersOfTheRun()
    {
        Assert.Equal(B, Host(1, [Silo(A, 1, others: 1), Silo(B, 1), Draining(C, 4)], B));
        Assert.Null(Host(1, [Silo(A, 1, others: 1), Draining(C, 4)]));
    }

    private static SiloAddress? Host(int spares, LivingSilo[] silos, params SiloAddress[] homes) =>
        TrainerPlacement.HostOfSpares(silos, Run, homes, spares);

    private static SiloAddress[] Choose(int count, LivingSilo[] silos, SiloAddress[]? settled = null, SiloAddress[]? avoid = null) =>
        TrainerPlacement.Choose(silos, Run, [.. settled ?? [], .. Enumerable.Repeat<SiloAddress?>(null, count)],
            (avoid ?? []).ToHashSet())!;

    private static IEnumerable<(int Trainer, SiloAddress Silo)> Moves(LivingSilo[] silos, params SiloAddress[] homes) =>
        TrainerPlacement.Moves(silos, Run, homes).Select(move => (move.Key, move.Value));

    private static SiloAddress Address(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);

    private static LivingSilo Silo(SiloAddress address, int slots, int others = 0) => new(address, Report(address, slots) with
    {
        Trainers = [.. Enumerable.Range(0, others).Select(index => new SiloTrainer(RunId.Parse("other"), index))],
    });

    private static LivingSilo Draining(SiloAddress address, int slots) => new(address, Report(address, slots) with { Draining = true });

    private static SiloReport Report(SiloAddress address, int slots) =>
        new() { Name = "silo", Address = address.ToParsableString(), Pid = 1, Version = "", Devices = ["cpu"], Slots = slots };
}
