using System.IO.Pipes;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Cluster.Local;

namespace Orleans.Tbptt.Tests.Client;

public sealed class SiloPipeTests : IDisposable
{
    private readonly StringWriter _input = new();

    public void Dispose() => _input.Dispose();

    [Fact]
    public async Task Replies_ReachTheirCalls_InAnyOrder()
    {
        var pipe = new SiloPipe(_input);
        var first = pipe.AskAsync(new() { Id = 0, Question = LocalQuestion.ReadEvents, Run = "wave-1", After = 7, Limit = 3 });
        var second = pipe.AskAsync(new() { Id = 0, Question = LocalQuestion.Describe });
        var calls = _input.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => LocalCall.Parse(line)!).ToList();

        Assert.True(pipe.Take(new LocalReply { ReplyTo = calls[1].Id, Version = new("c", "1.2", 3) }.ToString()));
        Assert.True(pipe.Take(new LocalReply { ReplyTo = calls[0].Id, Lines = ["{\"ü\":\"\n\"}"], Last = 9, IsEnd = true }.ToString()));

        Assert.Equal(new("c", "1.2", 3), (await second).Version);
        Assert.Equal(("{\"ü\":\"\n\"}", 9L, true), (Assert.Single((await first).Lines!), (await first).Last, (await first).IsEnd));
        Assert.Equal((LocalQuestion.ReadEvents, "wave-1", 7L, 3), (calls[0].Question, calls[0].Run, calls[0].After, calls[0].Limit));
    }

    [Fact]
    public async Task Calls_Fail_WhenTheSiloHasEnded()
    {
        var pipe = new SiloPipe(_input);
        var inFlight = pipe.AskAsync(new() { Id = 0, Question = LocalQuestion.Describe });
        pipe.Close();
        await Assert.ThrowsAsync<IOException>(() => inFlight);
        await Assert.ThrowsAsync<IOException>(() => pipe.AskAsync(new() { Id = 0, Question = LocalQuestion.Describe }));
    }

    [Fact]
    public async Task Calls_ReturnAtOnce_WhenTheSiloIsFrozen_AndArriveInOrderWhenItThaws()
    {
        using var frozen = new FrozenSilo();
        var (first, second) = await FrozenSilo.OnOtherThread(() => (frozen.Pipe.AskAsync(FrozenSilo.Huge), frozen.Pipe.AskAsync(Describe)));

        LocalCall[] calls = [await frozen.Read(), await frozen.Read()];
        Assert.Equal(FrozenSilo.Huge, calls[0] with { Id = 0 });
        Assert.Equal(Describe, calls[1] with { Id = 0 });
        foreach (var call in calls)
            frozen.Pipe.Take(new LocalReply { ReplyTo = call.Id, Last = call.Id }.ToString());
        Assert.Equal([calls[0].Id, calls[1].Id], [(await first).Last, (await second).Last]);
    }

    [Fact]
    public async Task CloseInput_ReturnsAtOnce_WhenTheSiloIsFrozen_AndItsCallsFailWhenItIsKilled()
    {
        using var frozen = new FrozenSilo();
        var (first, second) = await FrozenSilo.OnOtherThread(() =>
        {
            var call = frozen.Pipe.AskAsync(FrozenSilo.Huge);
            frozen.Pipe.CloseInput();
            return (call, frozen.Pipe.AskAsync(Describe));
        });

        frozen.Kill();
        await Assert.ThrowsAsync<IOException>(() => first);
        await Assert.ThrowsAsync<IOException>(() => second);
    }

    [Fact]
    public async Task CloseInput_EndsTheSilosInput_BehindItsCalls()
    {
        using var silo = new FrozenSilo();
        var call = silo.Pipe.AskAsync(Describe);
        silo.Pipe.CloseInput();

        Assert.Equal(Describe, await silo.Read() with { Id = 0 });
        await Assert.ThrowsAsync<EndOfStreamException>(silo.Read);
        Assert.False(call.IsCompleted);
    }

    [Fact(Timeout = 60_000)]
    public async Task Calls_Fail_WhenALineCannotBeWritten_AndThoseBehindIt()
    {
        using var broken = new BrokenWriter();
        var pipe = new SiloPipe(broken);

        Task<LocalReply>[] calls = [pipe.AskAsync(Describe), pipe.AskAsync(Describe)];
        broken.Fail.SetResult();

        Assert.Equal("cannot write to the silo: half a line", await Failure(calls[0]));
        Assert.Equal("cannot write to the silo: half a line", await Failure(calls[1]));
        pipe.CloseInput();
        Assert.Equal("cannot write to the silo: half a line", await Failure(pipe.AskAsync(Describe)));
        Assert.Equal(1, broken.Lines);

        static async Task<string> Failure(Task call) => (await Assert.ThrowsAsync<IOException>(
            () => call.WaitAsync(TestContext.Current.CancellationToken))).Message;
    }

    [Theory]
    [InlineData("Resource associated with Metric:")]
    [InlineData("{\"ready\":true}")]
    [InlineData("{")]
    public void OtherLines_AreNoReplies(string line) => Assert.False(new SiloPipe(_input).Take(line));

    private static LocalCall Describe { get; } = new() { Id = 0, Question = LocalQuestion.Describe };

    /// <summary>Writes the first line when the test says so, and fails at it in a way that no pipe does; cannot be closed either.</summary>
    private sealed class BrokenWriter : StringWriter
    {
        public TaskCompletionSource Fail { get; } = new();

        public int Lines { get; private set; }

        public override async Task WriteLineAsync(string? value)
        {
            Lines++;
            await Fail.Task;
            throw new InvalidOperationException("half a line");
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            throw new NotSupportedException("it stays open");
        }
    }

    /// <summary>A silo that reads its standard input, a pipe of the system as a process has it, when the test says so.</summary>
    private sealed class FrozenSilo : IDisposable
    {
        private readonly AnonymousPipeServerStream _console = new(PipeDirection.Out);
        private readonly StreamReader _input;

        public FrozenSilo()
        {
            _input = new(new AnonymousPipeClientStream(PipeDirection.In, _console.ClientSafePipeHandle));
            Pipe = new(new StreamWriter(_console) { AutoFlush = true });
        }

        /// <summary>A call that no pipe holds.</summary>
        public static LocalCall Huge { get; } =
            new() { Id = 0, Question = LocalQuestion.Stop, Run = "wave-1", Reason = new('x', 4 << 20) };

        public SiloPipe Pipe { get; }

        /// <summary>Fails where the calls block their thread.</summary>
        public static Task<T> OnOtherThread<T>(Func<T> calls) => Task.Run(calls).WaitAsync(TimeSpan.FromSeconds(60));

        public async Task<LocalCall> Read() =>
            LocalCall.Parse(await _input.ReadLineAsync() ?? throw new EndOfStreamException())!;

        public void Kill() => _input.Dispose();

        public void Dispose()
        {
            _input.Dispose();
            _console.Dispose();
        }
    }
}
