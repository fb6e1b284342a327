using Orleans.Configuration;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Trainers;

/// <summary>Orleans ends grains that get no message for a while. Steps that take the short ways send a trainer's grain none.</summary>
public sealed class KeptTrainerTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task TrainersThatGetNoMessages_AreKept_AndOthersAreNot()
    {
        var spec = TestSpecs.Average(trainers: 2);
        var replicas = new HeldReplicas();
        using var go = new ManualResetEventSlim();
        var reached = new TaskCompletionSource();
        replicas.Before = chunk =>
        {
            if (chunk is not { Replica: 0, Chunk: 3 })
                return;
            reached.TrySetResult();
            go.Wait();
        };
        await using var silos = await TestSilos.Start(1, silo =>
        {
            replicas.AddTo(silo);
            silo.Configure<GrainCollectionOptions>(options =>
                (options.CollectionAge, options.CollectionQuantum) = (Idle, Idle / 6));
        }, directSteps: true);
        try
        {
            var run = await silos.Submit(spec);
            await reached.Task;

            // After the trainers had their last message of a step; the second one a whole while after it.
            await UntilEnded(silos, new(run, 1000));
            await UntilEnded(silos, new(run, 1001));
            go.Set();
            var finished = await silos.Watch(run);

            RunAssert.SameBits(Oracle.Of(spec), finished);
            Assert.Empty(finished.Events.OfType<TrainersRecovered>());
            Assert.Equal(2, replicas.Opened.Count);
        }
        finally
        {
            go.Set();
        }
    }

    /// <summary>Waits until Orleans has ended a trainer that nobody uses.</summary>
    private static async Task UntilEnded(TestSilos silos, TrainerPlace place)
    {
        var unused = silos.Grains.GetGrain<ITrainerGrain>(0, place.ToString());
        await unused.FindLargest(1, 0);
        await silos.Cluster.WaitForDeactivationAsync(unused);
    }
}
