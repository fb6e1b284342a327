using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// Waits for the end of the run or the sweep that detached silos were started for. Asking also activates its grain on a living silo when
/// its silo has died, because there may be no other watcher.
/// </summary>
/// <param name="hasEnded">Asks whether it needs silos no more.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs calls that were not answered.</param>
internal sealed partial class RunEndWatch(Func<Task<bool>> hasEnded, TimeProvider time, ILogger logger)
{
    /// <summary>The watch of a run. A paused run needs no silos, because a resume starts new ones.</summary>
    public static RunEndWatch OfRun(Func<Task<RunStatus>> getStatus, TimeProvider time, ILogger logger) =>
        new(async () => await getStatus() is { HasEnded: true } or { State: RunState.Paused }, time, logger);

    /// <summary>The watch of a sweep.</summary>
    public static RunEndWatch OfSweep(Func<Task<SweepStatus>> getStatus, TimeProvider time, ILogger logger) =>
        new(async () => (await getStatus()).HasEnded, time, logger);

    /// <summary>The time between polls.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>What has been unknown or unreachable for this time is given up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Returns when it has ended, or has been unreachable for <see cref="Patience"/>.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Period, time);
        long heard = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            try
            {
                bool ended = await hasEnded().WaitAsync(Patience, time, cancellation);
                heard = time.GetTimestamp();
                if (ended)
                    return;
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                // Before its submission it is unknown; while silos die, calls fail.
                if (exception is not (RunNotFoundException or SweepNotFoundException))
                    LogUnanswered(logger, exception);
                if (time.GetElapsedTime(heard) >= Patience)
                    return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run or sweep of this silo did not report its status")]
    private static partial void LogUnanswered(ILogger logger, Exception exception);
}
