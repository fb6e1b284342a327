namespace Orleans.Tbptt.Client.Views;

/// <summary>Keeps a view's clock moving while nothing else calls the view.</summary>
internal static class Ticking
{
    /// <summary>The time between ticks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    /// <summary>Ticks while <paramref name="body"/> runs.</summary>
    /// <param name="view">Called from other threads than the body's: it must allow that, as <see cref="RunSummary"/> does.</param>
    /// <param name="time">The clock.</param>
    /// <param name="body">What takes its time.</param>
    public static async Task<T> WhileAsync<T>(IRunView view, TimeProvider time, Func<Task<T>> body)
    {
        using var ended = new CancellationTokenSource();
        var ticks = TickAsync(view, time, ended.Token);
        try
        {
            return await body();
        }
        finally
        {
            await ended.CancelAsync();
            await ticks;
        }
    }

    private static async Task TickAsync(IRunView view, TimeProvider time, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
                view.OnTick();
        }
        catch (OperationCanceledException)
        {
            // The body has ended.
        }
    }
}
