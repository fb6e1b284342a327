namespace Orleans.Tbptt.Grains.Transport;

/// <summary>Numbers the requests to one silo's trainers, whichever way they take.</summary>
/// <param name="order">Which trainers.</param>
/// <param name="next">The run's next number.</param>
internal sealed class ChunkOrders(ChunkOrder order, Func<long> next)
{
    /// <summary>Which trainers, without a number.</summary>
    public ChunkOrder Unnumbered => order;

    /// <summary>The number of the last request.</summary>
    public long Last { get; private set; }

    /// <summary>The order of a new request.</summary>
    public ChunkOrder Next() => order with { Number = Last = next() };
}
