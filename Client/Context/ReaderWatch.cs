namespace Orleans.Tbptt.Client.Context;

/// <summary>
/// Stops a run whose output has no reader left: <c>tbptt train … | head</c> must not continue training after <c>head</c> has ended.
/// </summary>
/// <param name="hasLostItsReader">Whether standard output has lost its reader.</param>
/// <param name="time">The clock.</param>
internal sealed class ReaderWatch(Func<bool> hasLostItsReader, TimeProvider time)
{
    /// <summary>The time between checks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Interrupts <paramref name="body"/> when standard output has lost its reader.</summary>
    public static async Task<T> RunWhileReadAsync<T>(ConsoleContext context, Func<Task<T>> body)
    {
        using var ended = new CancellationTokenSource();
        var reader = new ReaderWatch(context.Terminal.HasLostItsReader, context.Time).WatchAsync(context.Interruption, ended.Token);
        try
        {
            return await body();
        }
        finally
        {
            await ended.CancelAsync();
            await reader;
        }
    }

    /// <summary>
    /// Interrupts when the reader has gone. Returns then, after another interruption, or on <paramref name="cancellation"/>.
    /// </summary>
    public async Task WatchAsync(Interruption interruption, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, interruption.Token);
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            // Ctrl-C ends the reader, too: the second check leaves that signal time to be recorded as the cause.
            for (int gone = 0; gone < 2; gone = hasLostItsReader() ? gone + 1 : 0)
                await timer.WaitForNextTickAsync(either.Token);
            interruption.Raise(Interruption.BrokenPipe);
        }
        catch (OperationCanceledException)
        {
            // The run has ended, or is about to.
        }
    }
}
