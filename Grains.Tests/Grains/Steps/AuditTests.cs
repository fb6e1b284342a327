using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>Steps that are computed again on another silo, where a silo may be wrong by a bit.</summary>
[Slow]
public sealed class AuditTests
{
    [Theory]
    [InlineData(3, WireKind.Full, false)]
    [InlineData(5, WireKind.Bfloat16, false)]
    [InlineData(4, WireKind.Full, true)]
    public async Task Run_HasTheSameBits_AndItsTicketsAreCounted(int trainers, WireKind wire, bool isLarge)
    {
        await using var silos = await TestSilos.Start(3, directSteps: true);
        var spec = Spec(trainers, every: 3, isLarge);
        spec = spec with { Train = spec.Train with { Wire = wire } };
        var oracle = Oracle.Of(spec);

        var run = await silos.Train(spec);

        RunAssert.SameBits(oracle, run);
        var audit = run.Status.Audit!;
        int steps = (oracle.Steps.Count + 2) / 3;
        Assert.Equal((steps, steps * trainers), (audit.Steps, audit.Tickets));
        Assert.Equal(3 * (steps - 1) + 1, audit.CleanStep);
        Assert.Empty(audit.Findings);
        Assert.Equal([audit.Tickets, audit.Tickets], [audit.Silos.Sum(silo => silo.Given), audit.Silos.Sum(silo => silo.Repeated)]);
        Assert.Empty(run.Events.OfType<RunWarning>());
    }

    /// <summary>
    /// The silo is wrong from its n-th chunk on: in its own trainers' work or in that of the spares there, on the coordinator's silo or on
    /// another one.
    /// </summary>
    [Theory]
    [InlineData(0, 4, false)]
    [InlineData(1, 5, false)]
    [InlineData(2, 3, true)]
    public async Task SiloThatIsWrongByABit_IsNamedAndDrained_AndTheBitsAreThoseOfASoundRun(int which, int sound, bool isLarge)
    {
        var faulty = new FaultySilo { Sound = sound };
        await using var silos = await TestSilos.Start(3, faulty.AddTo, directSteps: true);
        var address = silos.Cluster.Silos[which].SiloAddress;
        faulty.Begin(address);
        var spec = Spec(trainers: 3, every: 1, isLarge);

        var run = await silos.Train(spec);

        RunAssert.SameSteps(Oracle.Of(spec), run);
        Assert.InRange(faulty.Flipped, 1, int.MaxValue);
        var finding = Assert.Single(run.Events.OfType<UnlikeBitsFound>()).Finding;
        Assert.Equal((address.ToParsableString(), "gradient sums", 3), (finding.Address, finding.What, finding.Silos.Count));
        Assert.Contains($"{address.Endpoint}", finding.Culprit, StringComparison.Ordinal);
        Assert.Null(finding.SuspectFrom);
        Assert.Equal(finding.Step - 1, finding.CleanStep ?? 0);
        Assert.Equal([finding], run.Status.Audit!.Findings, (one, other) => one!.Words == other!.Words);
        Assert.DoesNotContain(run.Status.Trainers, trainer => trainer.Silo == finding.Culprit);
    }

    /// <summary>Neither trainers nor silos change when it is drained.</summary>
    [Fact]
    public async Task SiloThatHostsOnlySpares_IsNamedAndDrained_WhenItIsWrong()
    {
        var (faulty, calls) = (new FaultySilo(), new TrainerCalls());
        await using var silos = await TestSilos.Start(3, silo =>
        {
            faulty.AddTo(silo);
            silo.AddIncomingGrainCallFilter(calls);
        });
        using var halt = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var spec = Spec(trainers: 2, every: 1);
        var id = await silos.Submit(spec);
        await halt.Reached;
        var status = await silos.Grains.GetGrain<ICoordinatorGrain>(id.Text).GetStatus();
        var idle = silos.Cluster.Silos.Single(silo =>
            !status.Trainers.Any(trainer => trainer.Silo.Contains($"{silo.SiloAddress.Endpoint}", StringComparison.Ordinal)));
        faulty.Begin(idle.SiloAddress);
        halt.Continue();

        var run = await silos.Watch(id);

        RunAssert.SameSteps(Oracle.Of(spec), run);
        var finding = Assert.Single(run.Events.OfType<UnlikeBitsFound>()).Finding;
        Assert.Equal(idle.SiloAddress.ToParsableString(), finding.Address);
        Assert.Equal(run.StepLosses.Length, run.Status.Audit!.CleanStep);
    }

    [Fact]
    public async Task TwoSilosThatDisagree_PauseTheRun_BeforeTheStepIsCommitted()
    {
        var faulty = new FaultySilo { Sound = 5 };
        await using var silos = await TestSilos.Start(2, faulty.AddTo, directSteps: true);
        faulty.Begin(silos.Cluster.Silos[1].SiloAddress);
        var run = await silos.Submit(Spec(trainers: 2, every: 2));

        await silos.Until<RunPaused>(run, _ => true);

        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await coordinator.PauseRun("");
        var status = await coordinator.GetStatus();
        var finding = Assert.Single(status.Audit!.Findings);
        Assert.Equal((RunState.Paused, finding.Step - 1), (status.State, status.Step));
        Assert.Equal((null, null, 2), (finding.Culprit, finding.Address, finding.Silos.Count));
        Assert.Equal((finding.Step - 2, finding.Step - 1), (finding.CleanStep, finding.SuspectFrom));
        Assert.Matches(
            $"computed unlike bits, and no two silos agree; step \\d+ is suspect: 'tbptt verify {run} --from {finding.CleanStep} --to "
            + $"{finding.SuspectFrom}' computes it again and says whether it is wrong \\(earlier steps may be, too, if that silo errs now "
            + "and then: leave out --from, and fork before the first wrong step\\); if so, "
            + $"'tbptt fork {run} --at {finding.CleanStep}' begins a run with the state before; the step is not committed; "
            + $".* continue with 'tbptt resume {run}'$", status.Message);
    }

    [Fact]
    public async Task LoneSilo_IsWarnedOf_AndTheRunContinuesWithoutAudits()
    {
        await using var silos = await TestSilos.Start(1);
        var spec = Spec(trainers: 2, every: 1);

        var run = await silos.Train(spec);

        RunAssert.SameSteps(Oracle.Of(spec), run);
        Assert.Equal("audit: not all that the trainers give can be computed again on another silo: there is no other silo that offers what "
            + "the run needs; start another one", Assert.Single(run.Events.OfType<RunWarning>()).Message);
        Assert.Null(run.Status.Audit);
    }

    private static RunSpec Spec(int trainers, int every, bool isLarge = false)
    {
        var spec = TestSpecs.Average(trainers, layers: 2, dropout: 0.2, epochs: isLarge ? 1 : 2, validationFraction: 0.2);
        return spec with
        {
            Audit = new() { Every = every },
            Model = isLarge ? spec.Model with { HiddenSize = 200 } : spec.Model,
            Data = spec.Data.From<AverageSource>(average => average with { SequenceLength = 40 }),
        };
    }
}
