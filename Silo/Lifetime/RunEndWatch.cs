using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// Waits for the end of the run that a detached silo trains. Reading the status also re-activates its coordinator on a living silo
/// when its silo has died, because there may be no other watcher.
/// </summary>
/// <param name="getStatus">Reads the status from the run's coordinator.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs calls that were not answered.</param>
internal sealed partial class RunEndWatch(Func<Task<RunStatus>> getStatus, TimeProvider time, ILogger logger)
{
    /// <summary>The time between polls.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>A run that has been unknown or unreachable for this time is given up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Returns when the run has ended or was paused, or has been unreachable for <see cref="Patience"/>.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Period, time);
        long heard = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            try
            {
                var status = await getStatus().WaitAsync(Patience, time, cancellation);
                heard = time.GetTimestamp();
                // A paused run needs no silos; a resume starts new ones.
                if (status.HasEnded || status.State == RunState.Paused)
                    return;
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                // Before its submission a run is unknown; while silos die, calls fail.
                if (exception is not RunNotFoundException)
                    LogUnanswered(logger, exception);
                if (time.GetElapsedTime(heard) >= Patience)
                    return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run's coordinator did not report the run's status")]
    private static partial void LogUnanswered(ILogger logger, Exception exception);
}
