using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>Repeats a query through broken connections until the run has been unreachable for too long.</summary>
/// <param name="run">The run, for messages.</param>
/// <param name="view">Notified when the run stops answering, and when it answers again.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">Timeouts and retry intervals.</param>
internal sealed class RetryingQuery(RunId run, IRunView view, TimeProvider time, WatchLimits limits)
{
    private long _answered = time.GetTimestamp();
    private bool _reachable = true;

    /// <summary>Records an answer.</summary>
    public void Answered()
    {
        _answered = time.GetTimestamp();
        if (!_reachable)
            view.OnNotice("the run answers again");
        _reachable = true;
    }

    /// <summary>Calls <paramref name="ask"/> until it returns a value.</summary>
    /// <param name="ask">Queries once; null when there is no result yet.</param>
    /// <param name="otherwise">The fallback when the cluster does not answer; null when there is no result.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <exception cref="ClientException">The run can no longer be reached, or the cluster does not know it.</exception>
    public async Task<T> AskAsync<T>(Func<Task<T?>> ask, Func<T?> otherwise, CancellationToken cancellation) where T : class
    {
        while (true)
        {
            var pause = Task.Delay(limits.Poll, time, cancellation);
            try
            {
                var found = await ask();
                Answered();
                if (found is not null)
                    return found;
            }
            catch (RunNotFoundException exception)
            {
                throw new ClientException($"the cluster does not know the run: {exception.Message}", ExitCode.Unreachable, exception);
            }
            catch (Exception exception) when (exception is not ClientException && !cancellation.IsCancellationRequested)
            {
                if (otherwise() is { } known)
                    return known;
                Unanswered(exception);
            }

            view.OnTick();
            await pause;
        }
    }

    private void Unanswered(Exception exception)
    {
        if (time.GetElapsedTime(_answered) >= limits.Unreachable)
            throw new ClientException(
                $"run {run} did not answer for {limits.Unreachable.TotalSeconds:0} s: {Text.OneLine(exception.Message)}",
                ExitCode.Unreachable, exception);
        if (_reachable)
            view.OnNotice($"the run does not answer, retrying: {Text.OneLine(exception.Message)}");
        _reachable = false;
    }
}
