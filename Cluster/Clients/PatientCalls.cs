using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Clients;

/// <summary>Repeats a call until a silo answers it: a client gets no notice of a silo that died under its call.</summary>
/// <param name="run">The run, for messages.</param>
/// <param name="time">The clock.</param>
/// <param name="look">
/// Another call, that answers at once where a silo lives: it is asked when a call has not been answered in time, because that may be
/// waiting for a long step. Null, the default, where every call answers at once.
/// </param>
internal sealed class PatientCalls(RunId run, TimeProvider time, Func<Task>? look = null)
{
    private static readonly TimeSpan Unreachable = TimeSpan.FromSeconds(60);

    /// <summary>What only looks is asked again after this time; a coordinator itself waits up to a second for news.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    /// <summary>What opens data, or waits for the step in flight, is asked again after this time.</summary>
    public static readonly TimeSpan Work = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private long _answered = time.GetTimestamp();

    /// <summary>Calls until there is an answer.</summary>
    /// <param name="call">The call, which is safe to repeat.</param>
    /// <param name="patience">When to repeat a call that has not been answered.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RunUnreachableException">There was none for a minute.</exception>
    /// <exception cref="RunNotFoundException">The cluster has no such run.</exception>
    public async Task<T> AskAsync<T>(Func<Task<T>> call, TimeSpan patience, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var answer = await call().WaitAsync(patience, time, cancellation);
                _answered = time.GetTimestamp();
                return answer;
            }
            catch (Exception exception) when (IsSilence(exception))
            {
                if (exception is TimeoutException && await Lives(cancellation))
                    _answered = time.GetTimestamp();
                else if (time.GetElapsedTime(_answered) >= Unreachable)
                    throw new RunUnreachableException(run, Unreachable, exception);
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    private static bool IsSilence(Exception exception) => exception is TimeoutException or OrleansException or IOException;

    private async Task<bool> Lives(CancellationToken cancellation)
    {
        if (look is null)
            return false;
        try
        {
            await look().WaitAsync(Look, time, cancellation);
            return true;
        }
        catch (Exception exception) when (IsSilence(exception))
        {
            return false;
        }
    }
}

/// <summary>No silo answers. The run may continue on the silos nevertheless.</summary>
/// <param name="run">The run.</param>
/// <param name="waited">How long nobody answered.</param>
/// <param name="cause">What the last call failed with.</param>
public sealed class RunUnreachableException(RunId run, TimeSpan waited, Exception cause)
    : Exception($"run {run}: no silo answered for {waited.TotalSeconds:0} s: {cause?.Message.ReplaceLineEndings(" ")}", cause)
{
    /// <summary>The run.</summary>
    public RunId Run { get; } = run;
}
