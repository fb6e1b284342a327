using System.Reflection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Api;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>Event streams that are at the same place of a run.</summary>
public sealed class SharedPagesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SharedPages _pages;
    private readonly ICoordinatorGrain _coordinator = DispatchProxy.Create<ICoordinatorGrain, Coordinator>();

    public SharedPagesTests() => _pages = new(_time);

    private List<(long After, TaskCompletionSource<EventPage> Reply)> Calls => ((Coordinator)_coordinator).Calls;

    [Fact]
    public async Task Streams_ShareOneCall_AndThePage_WhileTheyWaitForIt()
    {
        Task<EventPage>[] reads = [.. Enumerable.Range(0, 500).Select(_ => _pages.ReadAsync("a", _coordinator, 7))];
        var call = await NextCallAsync(1);
        call.SetResult(Full(7));

        var read = await Task.WhenAll(reads);

        Assert.Single(read.Distinct(ReferenceEqualityComparer.Instance));
        Assert.Equal(7, Assert.Single(Calls).After);
    }

    [Fact]
    public async Task Page_IsReadAgain_WhenItWasNotFull_OrIsOld_OrOfAnotherRun()
    {
        await ReadAsync("a", 0, new([], 0));
        await ReadAsync("a", 0, Full(0));
        await ReadAsync("b", 0, Full(0));
        Assert.Equal(3, Calls.Count);

        await _pages.ReadAsync("a", _coordinator, 0);
        Assert.Equal(3, Calls.Count);

        _time.Advance(SharedPages.Lifetime);
        await ReadAsync("a", 0, Full(0));
        Assert.Equal(4, Calls.Count);
    }

    [Fact]
    public async Task Pages_AreForgotten_WhenThereAreMany()
    {
        for (long after = 0; after <= SharedPages.Kept; after++)
            await ReadAsync("a", after, Full(after));

        await ReadAsync("a", 0, Full(0));

        Assert.Equal(SharedPages.Kept + 2, Calls.Count);
    }

    [Fact]
    public async Task Failure_IsThatOfAllWhoWaited_AndOfNobodyAfter()
    {
        var failing = _pages.ReadAsync("a", _coordinator, 0);
        (await NextCallAsync(1)).SetException(new TimeoutException());

        await Assert.ThrowsAsync<TimeoutException>(() => failing);
        await ReadAsync("a", 0, Full(0));
    }

    private static EventPage Full(long after) => new([.. Enumerable.Repeat("{}", SharedPages.Page)], after + SharedPages.Page);

    private async Task ReadAsync(string run, long after, EventPage reply)
    {
        int calls = Calls.Count;
        var read = _pages.ReadAsync(run, _coordinator, after);
        (await NextCallAsync(calls + 1)).SetResult(reply);
        Assert.Same(reply, await read);
    }

    /// <summary>The call of the coordinator that makes it so many.</summary>
    private async Task<TaskCompletionSource<EventPage>> NextCallAsync(int calls)
    {
        await ((Coordinator)_coordinator).Called.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(calls, Calls.Count);
        return Calls[^1].Reply;
    }

    /// <summary>A coordinator whose replies the test gives.</summary>
    public class Coordinator : DispatchProxy
    {
        public List<(long After, TaskCompletionSource<EventPage> Reply)> Calls { get; } = [];

        public SemaphoreSlim Called { get; } = new(0);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal(nameof(ICoordinatorGrain.ReadEvents), targetMethod!.Name);
            var reply = new TaskCompletionSource<EventPage>();
            Calls.Add(((long)args![0]!, reply));
            Called.Release();
            return reply.Task;
        }
    }
}
