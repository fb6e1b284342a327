using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>Carries hidden state between the lane-major buffer, <c>[lane][h, c][layer][unit]</c>, and the layers' histories.</summary>
internal sealed class HiddenRows(ModelSpec model, FusedLayer[] layers)
{
    private readonly HiddenLayout _layout = new(model);

    /// <summary>Copies the state before the chunk of the active lanes into the histories.</summary>
    public void Load(ChunkBatch batch, int layer, ReadOnlySpan<float> hidden)
    {
        for (int state = 0; state < _layout.States; state++)
        {
            var history = layers[layer].Memory.History(state);
            for (int i = 0; i < batch.ActiveLanes.Length; i++)
                hidden.Slice(Offset(batch.ActiveLanes[i], state, layer), _layout.Width(state)).CopyTo(history.Span(i));
        }
    }

    /// <summary>Copies the state after each active lane's last time step from the histories.</summary>
    public void Store(ChunkBatch batch, int layer, Span<float> hidden)
    {
        int lanes = batch.ActiveLanes.Length;
        for (int state = 0; state < _layout.States; state++)
        {
            var history = layers[layer].Memory.History(state);
            int stored = 0;
            for (int i = batch.Segments.Length - 1; i >= 0; i--)
            {
                // Lanes that continue after this segment have been stored already.
                var segment = batch.Segments[i];
                int last = lanes + segment.FirstRow + (segment.Steps - 1) * segment.Lanes;
                for (; stored < segment.Lanes; stored++)
                    history.Span(last + stored).CopyTo(hidden[Offset(batch.ActiveLanes[stored], state, layer)..]);
            }
        }
    }

    /// <summary>Copies the gradient of the active lanes' state after the piece to where a layer's backward pass begins.</summary>
    public void LoadGradient(ChunkBatch batch, int layer, ReadOnlySpan<float> gradient)
    {
        for (int state = 0; state < _layout.States; state++)
        {
            var rows = layers[layer].Memory.StateGradient(state);
            for (int i = 0; i < batch.ActiveLanes.Length; i++)
                gradient.Slice(Offset(batch.ActiveLanes[i], state, layer), _layout.Width(state)).CopyTo(rows.Span(i));
        }
    }

    /// <summary>Copies the gradient of the active lanes' state before the piece from where a layer's backward pass has left it.</summary>
    public void StoreGradient(ChunkBatch batch, int layer, Span<float> gradient)
    {
        for (int state = 0; state < _layout.States; state++)
        {
            var rows = layers[layer].Memory.StateGradient(state);
            for (int i = 0; i < batch.ActiveLanes.Length; i++)
                rows.Span(i).CopyTo(gradient[Offset(batch.ActiveLanes[i], state, layer)..]);
        }
    }

    private int Offset(int lane, int state, int layer) => (lane * _layout.Length) + _layout.Offset(state, layer);
}
