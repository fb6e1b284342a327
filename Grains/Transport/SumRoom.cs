namespace Orleans.Tbptt.Grains.Transport;

/// <summary>
/// Memory for the sums of nodes, used for every step: it is left unchanged until the coordinator, which asks for the next step only when it
/// has everything of this one, has read it.
/// </summary>
internal sealed class SumRoom
{
    private readonly Lock _gate = new();
    private readonly List<float[]> _rooms = [];

    /// <summary>Room for the sum of a node.</summary>
    public Memory<float> Of(int node, int length)
    {
        // Buckets of one step are summed in parallel.
        lock (_gate)
        {
            while (_rooms.Count <= node)
                _rooms.Add([]);
            if (_rooms[node].Length != length)
                _rooms[node] = GC.AllocateUninitializedArray<float>(length, pinned: true);
            return _rooms[node];
        }
    }
}
