using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Tests.Silo.Web.Models;

/// <summary>Forecasts come one after another, and only so many wait.</summary>
public sealed class ForecastDeskTests : IDisposable
{
    private readonly ForecastDesk _desk = new();

    private static CancellationToken Gone => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Forecasts_AreComputedOneAtATime_AndRefusedWhereMoreWait()
    {
        using var hold = new ManualResetEventSlim();
        int running = 0, most = 0;
        Task<int>[] waiting = [.. Enumerable.Range(0, ForecastDesk.MostWaiting).Select(number => _desk.RunAsync(() =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            hold.Wait(Gone);
            Interlocked.Decrement(ref running);
            return number;
        }, Gone))];

        await Assert.ThrowsAsync<ForecastDeskBusyException>(() => _desk.RunAsync(() => 0, Gone));
        hold.Set();

        Assert.Equal(Enumerable.Range(0, ForecastDesk.MostWaiting), await Task.WhenAll(waiting));
        Assert.Equal(1, most);
        Assert.Equal(7, await _desk.RunAsync(() => 7, Gone));
    }

    [Fact]
    public async Task Forecast_DoesNotBegin_ForThoseWhoHaveGone()
    {
        using var hold = new ManualResetEventSlim();
        using var gone = new CancellationTokenSource();
        var first = _desk.RunAsync(() =>
        {
            hold.Wait(Gone);
            return 1;
        }, Gone);
        bool began = false;
        var second = _desk.RunAsync(() => began = true, gone.Token);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        hold.Set();

        Assert.Equal(1, await first);
        Assert.False(began);
    }

    [Fact]
    public async Task Failure_IsThatOfItsForecastAlone()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _desk.RunAsync<int>(() => throw new InvalidOperationException("x"), Gone));

        Assert.Equal(1, await _desk.RunAsync(() => 1, Gone));
    }

    /// <summary>The niceness stands in the nineteenth field of a thread's status (proc_pid_stat(5)).</summary>
    [Fact]
    public async Task Thread_GivesWay_AndLeavesOthersAsTheyAre()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "niceness of a thread is Linux's");

        int before = Niceness();
        int there = await LowPriorityThread.RunAsync(Niceness);

        Assert.Equal(before, Niceness());
        Assert.Equal(Math.Min(19, before + 10), there);

        static int Niceness()
        {
            string status = File.ReadAllText("/proc/thread-self/stat");
            return int.Parse(status[(status.LastIndexOf(')') + 2)..].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    public void Dispose() => _desk.Dispose();
}
