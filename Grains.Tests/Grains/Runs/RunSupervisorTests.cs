using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Supervisors without a cluster: the test provides the silos, their clocks and the grains.</summary>
public sealed class RunSupervisorTests : IDisposable
{
    private static readonly SiloAddress A = Address(1), B = Address(2), C = Address(3);
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;
    private readonly Channel<CoordinatorCalled> _called = Channel.CreateUnbounded<CoordinatorCalled>();
    private readonly List<SupervisorSilo> _silos = [];

    public RunSupervisorTests() => _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.Path }));

    public void Dispose()
    {
        _silos.ForEach(silo => silo.Dispose());
        _directory.Dispose();
    }

    [Fact]
    public async Task EveryRun_IsOneSilosBusiness_AndOnlyThoseOfASiloThatWentChangeHands()
    {
        const int Runs = 40;
        for (int run = 0; run < Runs; run++)
            Put($"run-{run}");
        SupervisorSilo[] silos = [await Start(A, A, B, C), await Start(B, A, B, C), await Start(C, A, B, C)];

        var first = await Round(Runs, silos);
        var second = await Round(Runs, silos);
        foreach (var silo in silos)
            silo.Living.Remove(C);
        var without = await Round(Runs, silos[0], silos[1]);

        Assert.Equal(Runs, first.Count);
        Assert.Equal([A, B, C], first.Values.Distinct().Order());
        Assert.Equal(first, second);
        Assert.Equal([A, B], without.Values.Distinct().Order());
        Assert.All(first.Where(one => !one.Value.Equals(C)), one => Assert.Equal(one.Value, without[one.Key]));
    }

    [Fact]
    public async Task Coordinator_IsNotCalledTwiceAtOnce_AndAgainWhenThatFailed()
    {
        Put("hangs");
        Put("marker");
        var silo = await Start(A, A);
        var hanging = new TaskCompletionSource();
        silo.EnsureRunning = run => run == "hangs" ? hanging.Task : Task.CompletedTask;

        var seen = new List<string>();
        for (int round = 0; round < 4; round++)
            seen.AddRange(await Until(silo, "marker"));
        Assert.Single(seen, "hangs");

        hanging.SetException(new TimeoutException("its silo is dying"));
        while (!(await Until(silo, "marker")).Contains("hangs"))
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task SiloThatIsAboutToEnd_SeesToItsRuns_OnAnotherSilo()
    {
        for (int run = 0; run < 20; run++)
            Put($"run-{run}");
        SupervisorSilo[] silos = [await Start(A, A, B), await Start(B, A, B)];
        var before = await Round(20, silos);

        silos[0].Drain.Begin();
        var after = await Round(20, silos);

        Assert.Equal([A, B], before.Values.Distinct().Order());
        Assert.All(after, one => Assert.Equal(B, one.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainerOfAFormerGeneration_IsSentAway_AfterAWhile(bool isSpare)
    {
        Put("marker");
        var fence = new RunFence(_store, RunId.Parse("marker"));
        var silo = await Start(A, A);
        var outdated = Trainer(0, fence.Generation);
        using var first = isSpare ? silo.Occupants.EnterSpare(outdated) : silo.Occupants.Enter(outdated);
        var catchesUp = Trainer(1, fence.Generation);
        using var second = silo.Occupants.Enter(catchesUp);
        fence.TakeNext();
        using var newest = silo.Occupants.Enter(Trainer(2, fence.Generation));

        // First seen at the first round.
        for (int round = 0; round <= RunSupervisor.OutdatedPatience / RunSupervisor.Period; round++)
        {
            await Until(silo, "marker");
            if (round == 15)
                catchesUp.Generation = fence.Generation;
        }

        Assert.Empty(silo.Released);
        Assert.Equal(isSpare ? 2 : 3, silo.Occupants.UsedSlots);
        await Until(silo, "marker");

        Assert.Equal(("trainer/0", int.MaxValue), Assert.Single(silo.Released));
    }

    /// <summary>As those that a coordinator has opened to enlarge a run, and that its successor has not heard of.</summary>
    [Fact]
    public async Task TrainerOfAFormerGeneration_IsSentAwaySoon_WhereTheRunIsTrainedWithoutIt()
    {
        Put("marker");
        var fence = new RunFence(_store, RunId.Parse("marker"));
        var silo = await Start(A, A);
        using var unheardOf = silo.Occupants.Enter(Trainer(4, fence.Generation));
        fence.TakeNext();
        var status = _store.Of(fence.Run).ReadStatus()! with { Generation = fence.Generation };
        foreach (var state in new[] { TrainerState.Placing, TrainerState.Training })
        {
            Assert.Empty(silo.Released);
            _store.Write(status with { Trainers = [new(0, 0, 4, "a", "cpu", state)] }, fence);
            for (int round = 0; round <= 2 + (RunSupervisor.UnusedPatience / RunSupervisor.Period); round++)
                await Until(silo, "marker");
        }

        Assert.Equal(("trainer/4", int.MaxValue), Assert.Single(silo.Released));
    }

    [Fact]
    public async Task PatienceWithATrainer_BeginsAnew_WhenItMeetsAnotherGeneration()
    {
        Put("marker");
        var fence = new RunFence(_store, RunId.Parse("marker"));
        var silo = await Start(A, A);
        var trainer = Trainer(0, fence.Generation);
        using var here = silo.Occupants.Enter(trainer);
        fence.TakeNext();
        fence.TakeNext();

        for (int round = 0; round < 40; round++)
        {
            await Until(silo, "marker");
            if (round == 19)
                trainer.Generation++;
        }

        Assert.Empty(silo.Released);
    }

    /// <summary>One round of each silo.</summary>
    /// <returns>Each run with the silo that it was called on.</returns>
    private async Task<Dictionary<string, SiloAddress>> Round(int runs, params SupervisorSilo[] silos)
    {
        foreach (var silo in silos)
            silo.Time.Advance(RunSupervisor.Period);
        var called = new Dictionary<string, SiloAddress>();
        for (int run = 0; run < runs; run++)
        {
            var one = await Next();
            called.Add(one.Run, one.Where);
        }

        return called;
    }

    /// <summary>One round, as far as a run of it.</summary>
    private async Task<IReadOnlyList<string>> Until(SupervisorSilo silo, string run)
    {
        silo.Time.Advance(RunSupervisor.Period);
        var seen = new List<string>();
        do
            seen.Add((await Next()).Run);
        while (seen[^1] != run);
        return seen;
    }

    private async Task<CoordinatorCalled> Next() =>
        await _called.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    private async Task<SupervisorSilo> Start(SiloAddress self, params SiloAddress[] living)
    {
        var silo = new SupervisorSilo(self, living, _store, _called.Writer);
        _silos.Add(silo);
        await silo.Start();
        return silo;
    }

    private void Put(string id) =>
        _store.Create(TestSpecs.Average(), new() { Id = id, Name = id, State = RunState.Running, Epochs = 1, Cluster = "ours" });

    private static Occupant Trainer(int index, int generation) =>
        new(GrainId.Create("trainer", $"{index}"), new(RunId.Parse("marker"), index)) { Generation = generation };

    private static SiloAddress Address(int port) => SiloAddress.New(IPAddress.Loopback, port, 1);
}
