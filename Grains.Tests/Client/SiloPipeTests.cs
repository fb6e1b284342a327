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

    [Theory]
    [InlineData("Resource associated with Metric:")]
    [InlineData("{\"ready\":true}")]
    [InlineData("{")]
    public void OtherLines_AreNoReplies(string line) => Assert.False(new SiloPipe(_input).Take(line));
}
