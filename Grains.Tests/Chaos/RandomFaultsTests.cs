using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Chaos;

/// <summary>
/// Faults of every kind in an order that a seed gives. The seed is printed; <c>TBPTT_CHAOS_SEED</c> repeats a schedule, and
/// <c>TBPTT_CHAOS_LONG=1</c> makes a longer one.
/// </summary>
public sealed class RandomFaultsTests(ChaosReport report) : ChaosTest(report)
{
    private const int Silos = 3;
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("TBPTT_CHAOS_LONG") == "1";
    private static readonly int Faults = IsLong ? 100 : 10;

    /// <summary>
    /// The same faults in the same order each time, so that a change is held against what passed before it; when they come is chance
    /// enough.
    /// </summary>
    private const int Usual = 509_334;

    [Fact(Timeout = 3_600_000)]
    public async Task Run_GivesTheSameBits_WhateverHappensInWhateverOrder()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("TBPTT_CHAOS_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given
            : Usual;
        TestContext.Current.TestOutputHelper?.WriteLine($"TBPTT_CHAOS_SEED={seed}");
        var spec = RecoverySpecs.Longer(IsLong ? 100 : 10, "speculate=auto");
        var random = new Random(seed);
        var redis = await StartRedisAsync();
        var cluster = await StartClusterAsync(redis, Silos);
        var run = await cluster.SubmitAsync(spec);
        await run.Await<CheckpointWritten>("the first checkpoint", _ => true);

        int number = 0;
        while (number < Faults && run.Events[^1] is not RunEnded)
        {
            number++;
            string fault = await HarmAsync(cluster, redis, run, random);
            TestContext.Current.TestOutputHelper?.WriteLine($"{number}: after step {run.LastStep}: {fault}");
            await AwaitStepOrEndAsync(run, run.LastStep + random.Next(5, 40));
            if (cluster.Awake.Count < Silos)
                await cluster.StartSilosAsync(Silos - cluster.Awake.Count);
        }

        foreach (var silo in cluster.Silos.Where(silo => silo is { IsAlive: true, IsSilent: true }))
            silo.Thaw();
        await run.AwaitEnd();
        ChaosAssert.SameBits(spec, run);
        Costs.Add(new($"{number} faults at random, seed {seed}", null, Recovery.AllRepeated(run.Events), null));
    }

    private static async Task<string> HarmAsync(ChaosCluster cluster, RedisServer redis, RunRecorder run, Random random)
    {
        var victim = cluster.Awake[random.Next(cluster.Awake.Count)];
        switch (random.Next(6))
        {
            case 0:
                victim.Kill();
                return $"kill -9 of {victim.Name}";
            case 1:
                victim.Freeze();
                return $"SIGSTOP of {victim.Name}";
            case 2:
                await victim.TerminateAsync();
                return $"SIGTERM to {victim.Name}";
            case 3:
                var coordinator = (await Whereabouts.FindAsync(cluster, run.Id)).Coordinator;
                coordinator.Kill();
                return $"kill -9 of the coordinator's {coordinator.Name}";
            case 4 when cluster.Silos.FirstOrDefault(silo => silo is { IsAlive: true, IsSilent: true }) is { } frozen:
                frozen.Thaw();
                return $"SIGCONT of {frozen.Name}";
            case 4:
                await cluster.KillAllAsync();
                await cluster.StartSilosAsync(Silos);
                return "kill -9 of every silo, and a restart";
            default:
                redis.Kill();
                await redis.RestartAsync(TestContext.Current.CancellationToken);
                return "kill -9 of Redis, restarted with its data";
        }
    }

    private static Task AwaitStepOrEndAsync(RunRecorder run, long step) => Wait.Until(
        $"step {step} of {run.Id}", () => run.LastStep >= step || run.Events[^1] is RunEnded, TimeSpan.FromSeconds(90));
}
