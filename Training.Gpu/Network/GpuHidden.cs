using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// The hidden state of a chunk's active lanes, <c>[layer][state][lane][unit]</c>, on its way between the lanes' buffer and the layers'
/// histories.
/// </summary>
internal sealed class GpuHidden(ModelSpec model, Launcher launcher, Inbound inbound, GpuNetwork network)
{
    private readonly HiddenLayout _layout = new(model);
    private readonly InboundPart _before = new(inbound);

    /// <summary>Numbers of the active lanes.</summary>
    public int Numbers(int lanes) => checked(lanes * _layout.Length);

    /// <summary>Packs the state before a chunk.</summary>
    public void Load(ChunkBatch batch, ReadOnlySpan<float> hidden)
    {
        var lanes = batch.ActiveLanes;
        var packed = _before.Room<float>(Numbers(lanes.Length));
        for (int layer = 0; layer < model.Layers; layer++)
        {
            for (int state = 0; state < _layout.States; state++)
            {
                int width = _layout.Width(state);
                for (int i = 0; i < lanes.Length; i++)
                    hidden.Slice(Offset(lanes[i], state, layer), width).CopyTo(packed[(First(lanes.Length, state, layer) + (i * width))..]);
            }
        }
    }

    /// <summary>Copies it to where the histories begin.</summary>
    public void ToHistories(int lanes)
    {
        for (int layer = 0; layer < model.Layers; layer++)
        {
            for (int state = 0; state < _layout.States; state++)
            {
                launcher.Move(
                    _before.Address + ((nint)First(lanes, state, layer) * sizeof(float)), network.Layers[layer].History(state).Start,
                    (long)lanes * _layout.Width(state));
            }
        }
    }

    /// <summary>Copies the state after each active lane's last time step from the histories.</summary>
    public void FromHistories(nint to, int lanes)
    {
        for (int layer = 0; layer < model.Layers; layer++)
        {
            for (int state = 0; state < _layout.States; state++)
                network.CopyLast(layer, state, to + ((nint)First(lanes, state, layer) * sizeof(float)));
        }
    }

    /// <summary>Unpacks the state after a chunk.</summary>
    public void Store(ChunkBatch batch, ReadOnlySpan<float> packed, Span<float> hidden)
    {
        var lanes = batch.ActiveLanes;
        for (int layer = 0; layer < model.Layers; layer++)
        {
            for (int state = 0; state < _layout.States; state++)
            {
                int width = _layout.Width(state);
                for (int i = 0; i < lanes.Length; i++)
                {
                    packed.Slice(First(lanes.Length, state, layer) + (i * width), width)
                        .CopyTo(hidden[Offset(lanes[i], state, layer)..]);
                }
            }
        }
    }

    private int First(int lanes, int state, int layer) => lanes * _layout.Offset(state, layer);

    private int Offset(int lane, int state, int layer) => (lane * _layout.Length) + _layout.Offset(state, layer);
}
