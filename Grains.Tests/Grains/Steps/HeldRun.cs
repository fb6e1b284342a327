using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.TestingHost;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>A run on three silos that declare a silent one dead within a second, held before a call of its trainers.</summary>
internal sealed class HeldRun(TestSilos silos, RunId run, TrainerCalls calls, Halt halt) : IAsyncDisposable
{
    public TestSilos Silos => silos;

    public RunId Run => run;

    /// <summary>A hand in the calls of its trainers.</summary>
    public TrainerCalls Calls => calls;

    /// <summary>Submits a run, and waits until its trainers are at a call, which is held back.</summary>
    public static async Task<HeldRun> StartAsync(RunSpec spec, Func<TrainerCall, bool> where)
    {
        var calls = new TrainerCalls();
        var silos = await TestSilos.Start(3, silo =>
        {
            silo.AddIncomingGrainCallFilter(calls);
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = options.MaxProbeTimeout = TimeSpan.FromMilliseconds(700);
                options.NumMissedProbesLimit = 2;
                options.NumVotesForDeathDeclaration = 1;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
            });
        });
        var halt = calls.HaltBefore(where);
        var held = new HeldRun(silos, await silos.Submit(spec), calls, halt);
        try
        {
            await halt.Reached;
            return held;
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>The coordinator's silo, and the others.</summary>
    public async Task<(InProcessSiloHandle Own, List<InProcessSiloHandle> Others)> SilosAsync()
    {
        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var address = await silos.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(coordinator);
        var own = silos.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(address));
        return (own, [.. silos.Cluster.Silos.Where(silo => silo != own)]);
    }

    /// <summary>The coordinator, called from a silo.</summary>
    public ICoordinatorGrain CoordinatorFrom(InProcessSiloHandle silo) => silos.Cluster.GetSiloServiceProvider(silo.SiloAddress)
        .GetRequiredService<IGrainFactory>().GetGrain<ICoordinatorGrain>(run.Text);

    /// <summary>Lets the calls that are held back begin.</summary>
    public void Continue() => halt.Continue();

    /// <summary>Reads the run's events up to its end.</summary>
    public async Task<FinishedRun> FinishAsync(ICoordinatorGrain coordinator)
    {
        var lines = await ReadToTheEnd(coordinator);
        return new(silos.Directory(run), await UntilAnswered(coordinator.GetStatus), lines);
    }

    public ValueTask DisposeAsync()
    {
        halt.Dispose();
        return silos.DisposeAsync();
    }

    private static async Task<IReadOnlyList<string>> ReadToTheEnd(ICoordinatorGrain coordinator)
    {
        List<string> lines = [];
        while (lines.Count == 0 || RunJson.ReadEvent(lines[^1]) is not RunEnded)
            lines.AddRange((await UntilAnswered(() => coordinator.ReadEvents(lines.Count, 10_000))).Lines);
        return lines;
    }

    /// <summary>Asks again while the cluster has not noticed yet that a silo is dead.</summary>
    private static async Task<T> UntilAnswered<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await ask();
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                await Task.Yield();
            }
        }
    }
}
