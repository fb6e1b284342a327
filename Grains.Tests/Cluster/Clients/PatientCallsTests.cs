using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Cluster.Clients;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Cluster.Clients;

/// <summary>A call that is not answered in time is repeated, as long as a silo answers something.</summary>
public sealed class PatientCallsTests
{
    private static readonly RunId Run = RunId.Parse("long");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task CallThatTakesLong_IsRepeated_WhileTheCoordinatorReportsTheStatus()
    {
        var (asked, looks) = (0, 0);
        var calls = new PatientCalls(Run, _time, () =>
        {
            looks++;
            return Task.CompletedTask;
        });

        int answer = await Pass(calls.AskAsync(
            () => ++asked < 4 ? Silence() : Task.FromResult(5), PatientCalls.Work, TestContext.Current.CancellationToken));

        Assert.Equal((5, 4, 3), (answer, asked, looks));
    }

    [Fact]
    public async Task CallThatTakesLong_Throws_WhereTheStatusIsNotReportedEither()
    {
        var calls = new PatientCalls(Run, _time, Silence);

        var unreachable = await Assert.ThrowsAsync<RunUnreachableException>(
            () => Pass(calls.AskAsync(Silence, PatientCalls.Work, TestContext.Current.CancellationToken)));

        Assert.Contains("run long: no silo answered for 60 s", unreachable.Message, StringComparison.Ordinal);
    }

    private static Task<int> Silence() => new TaskCompletionSource<int>().Task;

    /// <summary>Lets time pass until there is an answer.</summary>
    private async Task<int> Pass(Task<int> asking)
    {
        while (!asking.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await asking;
    }
}
