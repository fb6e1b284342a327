using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Core.Internal;
using Orleans.Runtime.Placement;
using Orleans.Tbptt.Grains;
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

    /// <summary>A disk that hangs keeps the thread that writes, and with it all who wait for their rows.</summary>
    [Fact]
    public async Task Rows_AreRefused_WhereTheDiskHangs_AfterAsLongAsACallWaits()
    {
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries);
        await using var silos = await ServingSilos.StartAsync(1, package.Save(_directory.File("package")));
        var (silo, time) = (silos.Cluster.Silos[0].ServiceProvider, new FakeTimeProvider());
        var real = silo.GetRequiredService<StreamServices>();
        var services = new StreamServices(
            real.Models, real.Worker, real.Instruments, silo.GetRequiredService<IOptions<TbpttGrainsOptions>>(), time);
        var service = new StreamService(
            services, silos.Grains, silo.GetRequiredService<ISiloStatusOracle>(), TimeSpan.FromSeconds(30));
        services.Local.Add(Key, new ServedStream(Key, services));
        using var answers = new ManualResetEventSlim();
        var disk = real.Worker.Ask(_ => answers.Wait(Timeout.Infinite, TestContext.Current.CancellationToken));

        var reply = service.PredictAsync(Key, ServingSilos.Rows(1, 1));
        var list = service.ListAsync(Key.Model, new("", "", 1));
        var page = service.ListAsync(Key.Model, new("", "", 1), TimeSpan.FromSeconds(2));
        time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<StreamUnavailableException>(() => page);
        await Assert.ThrowsAsync<StreamUnavailableException>(() => service.ListAsync(Key.Model, new("", "", 1)));
        time.Advance(TimeSpan.FromSeconds(27.9));
        Assert.False(reply.IsCompleted || list.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));
        var refusal = await Assert.ThrowsAsync<StreamUnavailableException>(() => reply);
        Assert.StartsWith(
            $"stream {Key}: found no answer within 30 s, expected an answer at once; "
                + "look whether the run store's disk hangs", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StreamUnavailableException>(() => list);

        answers.Set();
        Assert.True(await disk);
        var again = await service.PredictAsync(Key, ServingSilos.Rows(1, 1));
        Assert.Equal((StreamOutcome.Answered, 2), (again.Outcome, again.Next));
        Assert.Equal(1, (await service.ListAsync(Key.Model, new("", "", 1))).Count);
    }

    /// <summary>Orleans ends grains that are not called.</summary>
    [Fact]
    public void Stream_IsAskedThroughItsGrain_OnceAMinute()
    {
        var time = new FakeTimeProvider();
        var streams = new LocalStreams(time);
        var stream = new ServedStream(Key, null!);

        streams.Add(Key, stream);
        time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.True(streams.TryGet(Key, out var found));
        Assert.Same(stream, found);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(streams.TryGet(Key, out _));
        streams.Add(Key, stream);
        Assert.True(streams.TryGet(Key, out _));

        streams.Remove(Key, new ServedStream(Key, null!));
        Assert.True(streams.TryGet(Key, out _));
        streams.Remove(Key, stream);
        Assert.False(streams.TryGet(Key, out _));
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
