using System.Collections.Concurrent;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Models.Bulk;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Which silo gets which blocks of forecasts, with silos that do as the test says.</summary>
public sealed class ClusterBlocksTests
{
    private static readonly ForecastModel Model = new()
    {
        Hash = "abc", Spec = "", Inputs = 1, Vocabulary = 0, TargetClasses = 0, Targets = 1, Classes = [],
        Parameters = GradientBuffer.Empty,
    };

    private readonly ScriptedCluster _script = new();
    private readonly FakeSilos _silos = new();
    private TimeSpan _block = new WatchLimits().Block;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Model_IsSentOnce_ToEachSilo()
    {
        await using var blocks = Blocks(Silo("a", 2), Silo("b", 1));

        await Task.WhenAll(Enumerable.Range(1, 50).Select(number => blocks.ComputeAsync(Block(number), Cancellation)));

        Assert.Equal(["a", "b"], _silos.Loads.Order());
        Assert.Equal(3, blocks.Slots);
    }

    /// <summary>
    /// A silo gets a block for each free slot, at least one, and another block that waits there.
    /// </summary>
    [Fact]
    public async Task Silo_HasNoMoreBlocksThanItComputes_AndOneThatWaits()
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _silos.Has.UnionWith(["a", "b"]);
        _silos.BeforeBlock = async (_, _) =>
        {
            if (_silos.Asked.Count == 5)
                asked.TrySetResult();
            await all.Task;
        };
        await using var blocks = Blocks(
            Silo("a", 2), Silo("b", 1) with { Trainers = [new(Orleans.Tbptt.Runs.RunId.Parse("wave-1"), 0)] }, Silo("c", 0),
            Silo("d", 4) with { Draining = true });
        var computed = Enumerable.Range(1, 20).Select(number => blocks.ComputeAsync(Block(number), Cancellation)).ToList();

        await asked.Task.WaitAsync(Cancellation);

        Assert.Equal(["a", "a", "a", "b", "b"], _silos.Asked.Select(one => one.Silo).Order());
        all.SetResult();
        await Task.WhenAll(computed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BlocksOfASiloThatFails_AreComputedByAnother(bool says)
    {
        var never = new TaskCompletionSource();
        _silos.BeforeBlock = (silo, _) =>
        {
            if (silo != "a")
                return Task.CompletedTask;
            // It is lost with the first block that it has: with an error, or without a word.
            _script.Report = _script.Report with { Silos = [Silo("b", 1)] };
            return says ? Task.FromException(new TimeoutException("no answer")) : never.Task;
        };
        _silos.Has.UnionWith(["a", "b"]);
        await using var blocks = Blocks(Silo("a", 3), Silo("b", 1));

        var replies = await Task.WhenAll(Enumerable.Range(1, 20).Select(number => blocks.ComputeAsync(Block(number), Cancellation)));

        Assert.Equal(Enumerable.Range(1, 20), replies.Select(reply => (int)reply.Outputs.Span[0]));
        Assert.Contains(_silos.Asked, one => one.Silo == "a");
    }

    /// <summary>Its call may have been lost with a gateway, although the silo lives.</summary>
    [Fact]
    public async Task BlockThatIsNotAnswered_IsComputedOnceMore()
    {
        int asked = 0;
        _silos.Has.Add("a");
        _silos.BeforeBlock = (_, _) => Interlocked.Increment(ref asked) == 1 ? new TaskCompletionSource().Task : Task.CompletedTask;
        _block = TimeSpan.FromMilliseconds(50);
        await using var blocks = Blocks(Silo("a", 1));

        var reply = await blocks.ComputeAsync(Block(7), Cancellation);

        Assert.Equal((7, 2), ((int)reply.Outputs.Span[0], asked));
    }

    [Fact]
    public async Task BlockThatIsNeverAnswered_EndsTheForecast()
    {
        _silos.Has.Add("a");
        _silos.BeforeBlock = (_, _) => new TaskCompletionSource().Task;
        _block = TimeSpan.FromMilliseconds(1);
        await using var blocks = Blocks(Silo("a", 1));

        var failure = await Assert.ThrowsAsync<ClientException>(() => blocks.ComputeAsync(Block(1), Cancellation));

        Assert.Equal(ExitCode.Unreachable, failure.ExitCode);
        Assert.StartsWith(
            "silo a: found no answer to a block of forecasts, the last of 8 times", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SiloThatJoins_GetsBlocks()
    {
        var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _silos.Has.UnionWith(["a", "b"]);
        _silos.BeforeBlock = async (silo, _) =>
        {
            if (silo == "b")
                joined.TrySetResult();
            await joined.Task;
        };
        await using var blocks = Blocks(Silo("a", 1));
        var computed = Enumerable.Range(1, 9).Select(number => blocks.ComputeAsync(Block(number), Cancellation)).ToList();

        _script.Report = _script.Report with { Silos = [Silo("a", 1), Silo("b", 1)] };

        await Task.WhenAll(computed).WaitAsync(Cancellation);
    }

    /// <summary>Such as a cell that the console's program has, and the silo's has not.</summary>
    [Fact]
    public async Task ModelThatASiloCannotUse_EndsTheForecast()
    {
        _silos.Problem = "found a spec that cannot be read here";
        await using var blocks = Blocks(Silo("a", 1));

        var failure = await Assert.ThrowsAsync<ClientException>(() => blocks.ComputeAsync(Block(1), Cancellation));

        Assert.Equal("silo a: found a spec that cannot be read here", failure.Message);
        Assert.Equal(ExitCode.Failed, failure.ExitCode);
    }

    /// <summary>A fault of the silo's program is none that passes.</summary>
    [Fact]
    public async Task BlockThatFailsEverywhere_EndsTheForecast()
    {
        _silos.Has.Add("a");
        _silos.BeforeBlock = (_, _) => Task.FromException(new ArgumentException("found 3 values, expected 4"));
        await using var blocks = Blocks(Silo("a", 1));

        var failure = await Assert.ThrowsAsync<ClientException>(() => blocks.ComputeAsync(Block(1), Cancellation));

        Assert.Equal("silo a: found 3 values, expected 4", failure.Message);
    }

    [Fact]
    public async Task ClusterThatNoLongerAnswers_EndsTheForecast()
    {
        _silos.BeforeBlock = (_, _) => new TaskCompletionSource().Task;
        _silos.Has.Add("a");
        await using var blocks = Blocks(Silo("a", 1));
        var computed = blocks.ComputeAsync(Block(1), Cancellation);

        _script.Report = _script.Report with { Silos = [] };

        var failure = await Assert.ThrowsAsync<ClientException>(() => computed);
        Assert.Equal(ExitCode.Unreachable, failure.ExitCode);
        Assert.Contains("expected a silo with a slot; start one with 'tbptt-silo'", failure.Message, StringComparison.Ordinal);
    }

    private static SiloReport Silo(string name, int slots) => new()
    {
        Name = name, Address = name, Pid = 1, Version = ProtocolVersion.Product, Devices = ["cpu"], Slots = slots,
    };

    private static ForecastBlock Block(int number) => new()
    {
        Model = "abc", Lengths = [1], Values = GradientBuffer.Wrap(new float[] { number }), Codes = [], Hidden = GradientBuffer.Empty,
    };

    private ClusterBlocks Blocks(params SiloReport[] silos)
    {
        _script.Report = _script.Report with { Silos = silos };
        return new(
            new(new Session(_script, _silos), "the cluster", _script.Report), Model, TimeProvider.System,
            new() { Poll = TimeSpan.FromMilliseconds(1), Unreachable = TimeSpan.FromMilliseconds(200), Block = _block });
    }

    private sealed class Session(IRunService runs, IForecastService forecasts) : IClusterSession
    {
        public IRunService Runs => runs;

        public ISweepService Sweeps { get; } = new NoSweeps();

        public IForecastService Forecasts => forecasts;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Silos that answer a block with its first value.</summary>
    private sealed class FakeSilos : IForecastService
    {
        private readonly Lock _gate = new();

        /// <summary>The silos that have the model.</summary>
        public HashSet<string> Has { get; } = [];

        public string Problem { get; set; } = "";

        public ConcurrentQueue<string> Loads { get; } = [];

        public ConcurrentQueue<(string Silo, int Block)> Asked { get; } = [];

        public Func<string, int, Task> BeforeBlock { get; set; } = (_, _) => Task.CompletedTask;

        public async Task<string> LoadAsync(string silo, ForecastModel model)
        {
            await Task.Yield();
            Loads.Enqueue(silo);
            lock (_gate)
                Has.Add(silo);
            return Problem;
        }

        public async Task<ForecastReply> ComputeAsync(string silo, ForecastBlock block)
        {
            int number = (int)block.Values.Span[0];
            await Task.Yield();
            lock (_gate)
            {
                if (!Has.Contains(silo))
                    return new() { LacksModel = true };
            }

            Asked.Enqueue((silo, number));
            await BeforeBlock(silo, number);
            return new() { Outputs = GradientBuffer.Wrap(new float[] { number }) };
        }
    }
}
