using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// Waits for the end of the run that a detached silo lives for. To ask for its status also brings its coordinator back on a living silo
/// when the one it was on has died: nobody else may be watching.
/// </summary>
/// <param name="getStatus">Asks the run's coordinator.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Takes note of questions that were not answered.</param>
internal sealed partial class RunEndWatch(Func<Task<RunStatus>> getStatus, TimeProvider time, ILogger logger)
{
    /// <summary>The time between questions.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>A run that nobody knows, or that nobody can be asked about, for this long is not waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Returns when the run has ended or was paused, or was not to be heard of for <see cref="Patience"/>.</summary>
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
                // A paused run needs no silos; whoever resumes it starts some.
                if (status.HasEnded || status.State == RunState.Paused)
                    return;
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                // Before its submission a run is unknown; while silos die, questions fail.
                if (exception is not RunNotFoundException)
                    LogUnanswered(logger, exception);
                if (time.GetElapsedTime(heard) >= Patience)
                    return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The run's coordinator did not say how the run stands")]
    private static partial void LogUnanswered(ILogger logger, Exception exception);
}
