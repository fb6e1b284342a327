using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Tbptt.Cluster.Clients;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Cluster.Clients;

/// <summary>A callback per step while the coordinator's silo is killed.</summary>
[Slow]
public sealed class CallbackTakeoverTests
{
    [Fact]
    public async Task Callback_IsMadeOnceForEveryStep_ThroughATakeover()
    {
        var spec = TestSpecs.Average(trainers: 2);
        var oracle = Oracle.Of(spec);
        var calls = new TrainerCalls();
        await using var silos = await TestSilos.Start(2, silo =>
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
        using var halt = calls.HaltBefore(call => call is { Step: 6, Method: nameof(ITrainerGrain.TrainChunk) });
        var id = await silos.Submit(spec);
        await halt.Reached;
        var address = await silos.Grains.GetGrain<IManagementGrain>(0)
            .GetActivationAddress(silos.Grains.GetGrain<ICoordinatorGrain>(id.Text), TestContext.Current.CancellationToken);
        var own = silos.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(address));
        var other = silos.Cluster.Silos.Single(silo => silo != own);
        var client = silos.Cluster.GetSiloServiceProvider(other.SiloAddress).GetRequiredService<IClusterClient>();

        List<(long Step, double Loss)> seen = [];
        var before = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = client.Run(id).WaitAsync(
            (step, _) =>
            {
                seen.Add((step.Step, step.Loss));
                before.TrySetResult();
                return ValueTask.CompletedTask;
            },
            cancellation: TestContext.Current.CancellationToken);
        await before.Task;
        await silos.Cluster.KillSiloAsync(own, TestContext.Current.CancellationToken);
        halt.Continue();
        var status = await waiting;

        Assert.Equal(RunState.Completed, status.State);
        Assert.True(status.Generation > 1, "nobody took the run over");
        Assert.Equal(oracle.Steps.Select((step, index) => ((long)index + 1, step.Loss)), seen);
    }
}
