using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>So many forecasts wait at this silo that no more are taken.</summary>
internal sealed class ForecastDeskBusyException() : Exception(
    $"found {Text.Plural(ForecastDesk.MostWaiting, "forecast")} that wait at this silo, expected fewer; try again in some seconds, or use "
    + "'tbptt predict'");

/// <summary>
/// Where a silo's forecasts are computed: one at a time, on a thread that gives way to training, in the order in which they were asked for.
/// </summary>
internal sealed class ForecastDesk : IDisposable
{
    /// <summary>Forecasts that wait at most, the one that is computed included.</summary>
    public const int MostWaiting = 8;

    private readonly SemaphoreSlim _turn = new(1);
    private int _waiting;

    /// <summary>Computes when it is its turn.</summary>
    /// <param name="work">Bounded work: what has begun is completed.</param>
    /// <param name="gone">Nobody waits for it any more: it does not begin.</param>
    /// <exception cref="ForecastDeskBusyException">Too many wait.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken gone = default)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new ForecastDeskBusyException();
        }

        try
        {
            await _turn.WaitAsync(gone);
            try
            {
                return await LowPriorityThread.RunAsync(work);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
