namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>
/// Waits for what other processes do: there is no event to be had from them, so one looks again and again, up to a deadline.
/// </summary>
internal static class Wait
{
    /// <summary>How long a condition that must come true is waited for when nothing else is said.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks until there is something to see.</summary>
    /// <param name="what">What is waited for, for the message.</param>
    /// <param name="look">Gives null, or throws <see cref="NotYetException"/>, as long as it is not there.</param>
    /// <param name="patience">The deadline, from now; <see cref="Patience"/> when null.</param>
    /// <exception cref="TimeoutException">The deadline came first; says what was waited for.</exception>
    public static async Task<T> For<T>(string what, Func<Task<T?>> look, TimeSpan? patience = null) where T : class
    {
        var time = TimeProvider.System;
        long began = time.GetTimestamp();
        string why = "";
        while (true)
        {
            try
            {
                if (await look() is { } seen)
                    return seen;
            }
            catch (NotYetException e)
            {
                why = $": {e.Message}";
            }

            if (time.GetElapsedTime(began) > (patience ?? Patience))
                throw new TimeoutException($"waited {(patience ?? Patience).TotalSeconds:0} s in vain for {what}{why}");
            await Task.Delay(Interval, time, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Looks until <paramref name="holds"/> says yes.</summary>
    public static Task Until(string what, Func<bool> holds, TimeSpan? patience = null) =>
        For(what, () => Task.FromResult(holds() ? what : null), patience);
}

/// <summary>What was asked has no answer at this moment, but may have one at the next.</summary>
internal sealed class NotYetException(string message, Exception? inner = null) : Exception(message, inner);
