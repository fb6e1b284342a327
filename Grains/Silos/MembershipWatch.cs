namespace Orleans.Tbptt.Grains.Silos;

/// <summary>
/// Counts the changes among the cluster's silos: a coordinator looks at a number at every step, and at the silos only when it has grown.
/// </summary>
internal sealed class MembershipWatch : ISiloStatusListener
{
    private long _changes;

    /// <summary>Begins to count.</summary>
    public MembershipWatch(ISiloStatusOracle silos) => silos.SubscribeToSiloStatusEvents(this);

    /// <summary>How many silos have come, gone or changed so far.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status) => Interlocked.Increment(ref _changes);
}
