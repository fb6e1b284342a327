using Orleans.TestingHost;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>The next step of a run that is trained is audited because somebody wants so, whatever its spec says.</summary>
[Slow]
public sealed class AuditWishTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(7)]
    public async Task NextStep_IsComputedAgain_AndNoBitChanges(int? every)
    {
        var calls = new TrainerCalls();
        await using var silos = await TestSilos.Start(3, silo => silo.AddIncomingGrainCallFilter(calls));
        using var halt = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var spec = Spec(trainers: 3) with { Audit = every is { } steps ? new() { Every = steps } : null };
        var id = await silos.Submit(spec);
        await halt.Reached;
        string written = await File.ReadAllTextAsync(silos.Directory(id).Spec, TestContext.Current.CancellationToken);

        var reply = await Ask(silos, id, halt);

        Assert.Equal("", reply.Problem);
        var audited = reply.Audited!;
        Assert.Equal((3, 3, null), (audited.Tickets, audited.Repeated.Sum(one => one.Tickets), audited.Finding));
        Assert.All(audited.Repeated, one => Assert.NotEqual(one.Home, one.Host));
        var run = await silos.Watch(id);
        Assert.InRange(audited.Step, 4, run.StepLosses.Length);
        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(written, await File.ReadAllTextAsync(run.Directory.Spec, TestContext.Current.CancellationToken));
        Assert.Empty(run.Events.OfType<RunWarning>());
        int due = every is null ? 0 : (run.StepLosses.Length + every.Value - 1) / every.Value;
        Assert.InRange(run.Status.Audit!.Steps, Math.Max(1, due), due + 1);
    }

    /// <summary>A silo that computes nothing but spares is wrong: what it was asked is the only thing that it gets wrong.</summary>
    [Fact]
    public async Task Finding_IsTheAnswer_AndTheStepIsRunAndAuditedAgain()
    {
        var (faulty, calls) = (new FaultySilo(), new TrainerCalls());
        await using var silos = await TestSilos.Start(3, silo =>
        {
            faulty.AddTo(silo);
            silo.AddIncomingGrainCallFilter(calls);
        });
        using var halt = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var spec = Spec(trainers: 2);
        var id = await silos.Submit(spec);
        await halt.Reached;
        var idle = await Idle(silos, id);
        faulty.Begin(idle.SiloAddress);

        var reply = await Ask(silos, id, halt);

        var found = reply.Audited!.Finding!;
        Assert.Equal(("", idle.SiloAddress.ToParsableString(), reply.Audited.Step), (reply.Problem, found.Address, found.Step));
        var run = await silos.Watch(id);
        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal((1, found.Step), (run.Status.Audit!.Steps, run.Status.Audit.CleanStep));
    }

    /// <summary>The spec has no audit, and the coordinator that continues the run is another one than that which paused it.</summary>
    [Fact]
    public async Task TwoSilosThatDisagree_AnswerWithTheFinding_AndThePausedStepIsAuditedAgainWhenTheRunIsResumed()
    {
        var (faulty, calls) = (new FaultySilo { Faults = 1 }, new TrainerCalls());
        await using var silos = await TestSilos.Start(2, silo =>
        {
            faulty.AddTo(silo);
            silo.AddIncomingGrainCallFilter(calls);
        });
        using var halt = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var spec = Spec(trainers: 1);
        var id = await silos.Submit(spec);
        await halt.Reached;
        faulty.Begin((await Idle(silos, id)).SiloAddress);

        var reply = await Ask(silos, id, halt);

        Assert.Equal(("", null, 2), (reply.Problem, reply.Audited!.Finding!.Culprit, reply.Audited.Finding.Silos.Count));
        await silos.Until<RunPaused>(id, paused => paused.Step == reply.Audited.Step - 1);
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(id.Text);
        await coordinator.PauseRun("");
        Assert.Equal("", (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current))).Problem);
        var run = await silos.Watch(id);
        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal((1, reply.Audited.Step), (run.Status.Audit!.Steps, run.Status.Audit.CleanStep));
    }

    [Fact]
    public async Task LoneSilo_IsRefused_AndTheRunContinues()
    {
        var calls = new TrainerCalls();
        await using var silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(calls));
        using var halt = calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var spec = Spec(trainers: 2);
        var id = await silos.Submit(spec);
        await halt.Reached;

        var reply = await Ask(silos, id, halt);

        Assert.Equal("not all that the trainers give can be computed again on another silo: there is no other silo that offers what the "
            + "run needs; start another one", reply.Problem);
        Assert.Null(reply.Audited);
        var run = await silos.Watch(id);
        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Null(run.Status.Audit);
        Assert.Empty(run.Events.OfType<RunWarning>());
        Assert.Equal("the run has ended: completed", (await AuditNext(silos, id)).Problem);
    }

    [Fact]
    public async Task RunThatIsPaused_OrMakesLocalSteps_IsRefused()
    {
        await using var silos = await TestSilos.Start(2);
        var spec = Spec(trainers: 2, epochs: 1_000_000);
        var paused = await silos.Submit(spec);
        await silos.Until<StepCommitted>(paused, _ => true);
        await silos.Grains.GetGrain<ICoordinatorGrain>(paused.Text).PauseRun("");
        var local = await silos.Submit(spec.InRounds(chunks: 2));
        await silos.Until<StepCommitted>(local, _ => true);

        Assert.Equal($"the run is paused: continue it with 'tbptt resume {paused}'", (await AuditNext(silos, paused)).Problem);
        Assert.StartsWith(
            "found train.sync.mode local, expected every", (await AuditNext(silos, local)).Problem, StringComparison.Ordinal);
        await silos.Grains.GetGrain<ICoordinatorGrain>(local.Text).StopRun("");
        Assert.Equal("the run has ended: stopped", (await AuditNext(silos, local)).Problem);
    }

    [Fact]
    public void Engine_WhoseBitsDifferByHost_IsRefused()
    {
        var spec = Spec(trainers: 2);
        var torch = spec with { Engine = SpecLoader.Choices.Engines.Single(engine => engine.Word == "torch") };

        var rounded = spec with { Train = spec.Train with { Precision = PrecisionKind.Tf32 } };

        Assert.Null(AuditFitness.FindProblem(spec, "cpu"));
        Assert.StartsWith(
            "found train.precision tf32, expected float32", AuditFitness.FindProblem(rounded, "cuda:0"), StringComparison.Ordinal);
        Assert.Equal(
            "found engine torch on cpu, expected engine fused, because another engine may give other bits on another processor",
            AuditFitness.FindProblem(torch, "cpu"));
    }

    /// <summary>The one silo that has no trainer of a run.</summary>
    private static async Task<SiloHandle> Idle(TestSilos silos, RunId run)
    {
        var status = await silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).GetStatus();
        return silos.Cluster.Silos.Single(silo =>
            !status.Trainers.Any(trainer => trainer.Silo.Contains($"{silo.SiloAddress.Endpoint}", StringComparison.Ordinal)));
    }

    /// <summary>The wish comes while a step is held up, so that the run cannot end before it.</summary>
    private static async Task<AuditReply> Ask(TestSilos silos, RunId run, Halt halt)
    {
        var asked = AuditNext(silos, run);
        await silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).GetStatus();
        halt.Continue();
        return await asked;
    }

    private static Task<AuditReply> AuditNext(TestSilos silos, RunId run) =>
        silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).AuditNext(new(ProtocolVersion.Current));

    private static RunSpec Spec(int trainers, int epochs = 4)
    {
        var spec = TestSpecs.Average(trainers, layers: 2, dropout: 0.2, epochs: epochs, validationFraction: 0.2);
        return spec with { Data = spec.Data.From<AverageSource>(average => average with { SequenceLength = 40 }) };
    }
}
