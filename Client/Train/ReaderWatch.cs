namespace Orleans.Tbptt.Client.Train;

/// <summary>Ends what is shown to nobody: <c>tbptt train … | head</c> shall not train on when <c>head</c> has gone.</summary>
/// <param name="hasLostItsReader">Whether nobody reads standard output any more.</param>
/// <param name="time">The clock.</param>
internal sealed class ReaderWatch(Func<bool> hasLostItsReader, TimeProvider time)
{
    /// <summary>The time between looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Interrupts <paramref name="body"/>'s work when nobody reads standard output any more.</summary>
    public static async Task<T> WhileReadAsync<T>(ConsoleContext context, Func<Task<T>> body)
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

    /// <summary>Interrupts when the reader has gone, and returns; or when somebody else has, or <paramref name="cancellation"/> comes.</summary>
    public async Task WatchAsync(Interruption interruption, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, interruption.Token);
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            // Ctrl-C ends the reader, too: the second look gives that signal the time to be the first word.
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
