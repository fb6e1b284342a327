using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>Asks a run again and again, through broken connections, until it has been out of reach for too long.</summary>
/// <param name="run">The run, for messages.</param>
/// <param name="view">Told when the run does not answer, and when it does again.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">How patient to be.</param>
internal sealed class Patience(RunId run, IRunView view, TimeProvider time, WatchLimits limits)
{
    private long _answered = time.GetTimestamp();
    private bool _reachable = true;

    /// <summary>An answer came.</summary>
    public void Answered()
    {
        _answered = time.GetTimestamp();
        if (!_reachable)
            view.OnNotice("the run answers again");
        _reachable = true;
    }

    /// <summary>Asks until <paramref name="ask"/> finds something.</summary>
    /// <param name="ask">Asks once; null when there is nothing yet.</param>
    /// <param name="otherwise">What is known without the cluster, when it does not answer; null when nothing is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ClientException">The run cannot be reached any more, or the cluster does not know it.</exception>
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
                $"run {run} did not answer for {limits.Unreachable.TotalSeconds:0} s: {Text.OneLine(exception.Message)}", ExitCode.Unreachable, exception);
        if (_reachable)
            view.OnNotice($"the run does not answer, asking again: {Text.OneLine(exception.Message)}");
        _reachable = false;
    }
}
