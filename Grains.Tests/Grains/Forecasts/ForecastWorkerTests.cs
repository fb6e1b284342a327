using Orleans.Tbptt.Grains.Forecasts;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Grains.Forecasts;

/// <summary>A silo's share in forecasts.</summary>
public sealed class ForecastWorkerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SiloDrain _drain = new();

    /// <summary>As many at a time as slots are free, one where a run has them all.</summary>
    [Fact]
    public async Task Blocks_TakeTheSlotsThatRunsLeave()
    {
        int free = 2;
        using var worker = new ForecastWorker(() => Volatile.Read(ref free), _drain, SpecLoader.Reader);
        var (first, second, third, fourth) = (new Work(worker), new Work(worker), new Work(worker), new Work(worker));
        await first.Begun;
        await second.Begun;
        Assert.False(third.HasBegun);

        // A run takes both: the block that is done first is followed by none, the other one by the next.
        Volatile.Write(ref free, 0);
        await first.EndAsync();
        await Wait.Until("the end of the first block's thread", () => worker.Threads == 1);
        Assert.False(third.HasBegun);
        await second.EndAsync();
        await third.Begun;
        Assert.Equal(1, worker.Threads);
        Assert.False(fourth.HasBegun);
        await third.EndAsync();
        await fourth.EndAsync();
    }

    [Fact]
    public async Task Silo_EndsBehindItsBlocks()
    {
        using var worker = new ForecastWorker(() => 1, _drain, SpecLoader.Reader);
        var work = new Work(worker);
        await work.Begun;

        _drain.Begin();

        Assert.False(_drain.Drained.IsCompleted);
        await work.EndAsync();
        await _drain.Drained.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Model_IsRefused_WhereItsHashIsAnother()
    {
        using var worker = new ForecastWorker(() => 1, _drain, SpecLoader.Reader);
        var package = TrainedModels.Of(_directory, TrainedModels.OneSeries);
        var model = BlockForecaster.ModelOf(package, new(1, 0, 1, 0));
        float[] other = package.Parameters.ToArray();
        other[3] = float.BitIncrement(other[3]);

        Assert.Contains(
            $"expected {model.Hash}", await worker.Load(model with { Parameters = GradientBuffer.Wrap(other) }), StringComparison.Ordinal);
        Assert.True((await worker.Compute(new()
        {
            Model = model.Hash, Lengths = [1], Values = GradientBuffer.Wrap(new float[1]), Codes = [],
            Hidden = GradientBuffer.Wrap(new float[8]),
        })).LacksModel);
        Assert.Equal("", await worker.Load(model));
        await Assert.ThrowsAsync<ArgumentException>(() => worker.Compute(new()
        {
            Model = model.Hash, Lengths = [2], Values = GradientBuffer.Wrap(new float[1]), Codes = [],
            Hidden = GradientBuffer.Wrap(new float[8]),
        }));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Work that takes as long as the test says.</summary>
    private sealed class Work
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _end = new();
        private readonly Task<bool> _done;

        public Work(ForecastWorker worker) => _done = worker.Do(() =>
        {
            _begun.SetResult();
            _end.Task.Wait(TestContext.Current.CancellationToken);
            return true;
        });

        public Task Begun => _begun.Task.WaitAsync(TestContext.Current.CancellationToken);

        public bool HasBegun => _begun.Task.IsCompleted;

        public Task<bool> EndAsync()
        {
            _end.SetResult();
            return _done;
        }
    }
}
