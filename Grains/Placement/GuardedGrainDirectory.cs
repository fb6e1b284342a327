using Orleans.GrainDirectory;

namespace Orleans.Tbptt.Grains.Placement;

/// <summary>A grain directory whose failures can be sent to the caller, on whatever machine.</summary>
/// <remarks>
/// What a database's driver throws is known on the silo alone: Orleans cannot send it, and the caller hears of a missing codec instead of a
/// database that does not answer. Here it becomes an <see cref="OrleansException"/> with the same message, which every program takes for a
/// call to make again.
/// </remarks>
/// <param name="inner">The directory.</param>
public sealed class GuardedGrainDirectory(IGrainDirectory inner) : IGrainDirectory
{
    /// <inheritdoc/>
    /// <exception cref="OrleansException">The directory does not answer.</exception>
    public Task<GrainAddress?> Register(GrainAddress address) => Ask(inner.Register, address);

    /// <inheritdoc/>
    /// <exception cref="OrleansException">The directory does not answer.</exception>
    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) =>
        Ask(one => inner.Register(one, previousAddress), address);

    /// <inheritdoc/>
    /// <exception cref="OrleansException">The directory does not answer.</exception>
    public Task<GrainAddress?> Lookup(GrainId grainId) => Ask(inner.Lookup, grainId);

    /// <inheritdoc/>
    /// <exception cref="OrleansException">The directory does not answer.</exception>
    public Task Unregister(GrainAddress address) => Send(inner.Unregister, address);

    /// <inheritdoc/>
    /// <exception cref="OrleansException">The directory does not answer.</exception>
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Send(inner.UnregisterSilos, siloAddresses);

    private static Task<bool> Send<T>(Func<T, Task> call, T subject) => Ask<T, bool>(
        async one =>
        {
            await call(one);
            return true;
        },
        subject);

    private static async Task<TResult> Ask<T, TResult>(Func<T, Task<TResult>> call, T subject)
    {
        try
        {
            return await call(subject);
        }
        catch (Exception e) when (e is not (OrleansException or OutOfMemoryException))
        {
            // Without its cause: that would have to travel, too. The message says what it said.
            throw new OrleansException($"the grain directory does not answer: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
