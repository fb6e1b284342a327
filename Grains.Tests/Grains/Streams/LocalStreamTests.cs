using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Streams;

/// <summary>Rows that are asked of a silo: without a message where their stream lives there, and wherever it lives the same.</summary>
public sealed class LocalStreamTests : IDisposable
{
    private static readonly StreamKey Key = new(RunId.Parse(ServingSilos.Model), "local");

    private readonly TemporaryDirectory _directory = new();
    private readonly Calls _calls = new();

    [Fact]
    public async Task Rows_NeedNoMessage_WhereTheirStreamLives_AndFollowItToAnotherSilo()
    {
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries);
        var expected = package.Forecasts(_directory, TrainedModels.OneSeries)[""];
        await using var silos = await ServingSilos.StartAsync(
            2, package.Save(_directory.File("package")), configure: silo => silo.AddIncomingGrainCallFilter(_calls));
        StreamService[] services = [.. silos.Cluster.Silos.Select(silo => silo.ServiceProvider.GetRequiredService<StreamService>())];
        int row = 1;

        await AskAsync(silo: 0, calls: 1);
        for (int i = 0; i < 4; i++)
            await AskAsync(silo: 0, calls: 0);
        await AskAsync(silo: 1, calls: 1);
        await AskAsync(silo: 0, calls: 0);

        var stream = silos.Grains.GetGrain<IStreamGrain>(Key.ToString());
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silos.Cluster.Silos[1].SiloAddress);
        await stream.AsReference<IGrainManagementExtension>().MigrateOnIdle(TestContext.Current.CancellationToken);
        RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        while ((await stream.Describe()).Silo != silos.Cluster.Silos[1].Name)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        await AskAsync(silo: 0, calls: 1);
        await AskAsync(silo: 1, calls: 0);
        Assert.Equal(row - 1, (await stream.Describe()).Last);

        async Task AskAsync(int silo, int calls)
        {
            int before = _calls.Count;
            var reply = await services[silo].PredictAsync(Key, ServingSilos.Rows(row, 1));
            Assert.Equal((StreamOutcome.Answered, row + 1, calls), (reply.Outcome, reply.Next, _calls.Count - before));
            Assert.Equal(expected[row - 1][0], reply.Forecasts[0][0]);
            row++;
        }
    }

    [Fact]
    public async Task Stream_AnswersNoRow_OnceItHasLeft()
    {
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries);
        await using var silos = await ServingSilos.StartAsync(1, package.Save(_directory.File("package")));
        var stream = new ServedStream(Key, silos.Cluster.Silos[0].ServiceProvider.GetRequiredService<StreamServices>());
        var taken = stream.PredictAsync(ServingSilos.Rows(1, 40));
        var leaving = stream.LeaveAsync();
        Assert.Null(await stream.PredictAsync(ServingSilos.Rows(41, 1)));
        Assert.True(leaving.IsCompletedSuccessfully);
        Assert.Equal(41, (await taken)!.Next);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Counts the calls of streams that take rows.</summary>
    private sealed class Calls : IIncomingGrainCallFilter
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod.Name == nameof(IStreamGrain.Predict))
                Interlocked.Increment(ref _count);
            return context.Invoke();
        }
    }
}
