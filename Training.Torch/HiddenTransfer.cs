using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>
/// Carries hidden state between the host's lane-major buffer, <c>[lane][h, c][layer][unit]</c>, and a layer's tensors <c>[1, A, H]</c>.
/// </summary>
internal sealed class HiddenTransfer(ModelSpec model, HostTransfer host)
{
    private readonly HiddenLayout _layout = new(model);
    private float[] _rows = [];

    /// <summary>The state of a layer's active lanes, as constants: no gradient flows into the chunk before.</summary>
    public LayerState Load(ChunkBatch batch, int layer, ReadOnlySpan<float> hidden)
    {
        var h = Gather(batch, layer, 0, hidden);
        return new(h, _layout.States == 2 ? Gather(batch, layer, 1, hidden) : null);
    }

    /// <summary>Writes the state of the first so many active lanes.</summary>
    public void Store(ChunkBatch batch, int layer, int lanes, LayerState state, Span<float> hidden)
    {
        Scatter(batch, layer, 0, lanes, state.H, hidden);
        if (state.C is not null)
            Scatter(batch, layer, 1, lanes, state.C, hidden);
    }

    private Tensor Gather(ChunkBatch batch, int layer, int state, ReadOnlySpan<float> hidden)
    {
        int units = _layout.Width(state), lanes = batch.ActiveLanes.Length;
        var rows = Rows(lanes * units);
        for (int i = 0; i < lanes; i++)
            hidden.Slice(Offset(batch.ActiveLanes[i], state, layer), units).CopyTo(rows[(i * units)..]);
        return host.ToDevice<float>(rows, 1, lanes, units);
    }

    private void Scatter(ChunkBatch batch, int layer, int state, int lanes, Tensor tensor, Span<float> hidden)
    {
        int units = _layout.Width(state);
        var rows = Rows(lanes * units);
        using (var values = tensor.detach())
            host.Read(values, rows);
        for (int i = 0; i < lanes; i++)
            rows.Slice(i * units, units).CopyTo(hidden[Offset(batch.ActiveLanes[i], state, layer)..]);
    }

    private Span<float> Rows(int length)
    {
        if (_rows.Length < length)
            _rows = new float[length];
        return _rows.AsSpan(0, length);
    }

    private int Offset(int lane, int state, int layer) => (lane * _layout.Length) + _layout.Offset(state, layer);
}
