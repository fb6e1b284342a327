using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// The gradient of the learned state with which sequences start, on a device: the fused engine's <see cref="LearnedStart"/>.
/// </summary>
internal sealed class GpuStart
{
    private readonly Launcher _launcher;
    private readonly GpuParameters _gradients;
    private readonly HiddenLayout _states;
    private readonly InboundPart _lanes;
    private readonly InboundPart _ends;
    private readonly int _first;

    private GpuStart(GpuResources shared, ModelSpec model, int first)
    {
        (_launcher, _gradients, _first, _states) = (shared.Launcher, shared.Gradients, first, new(model));
        (_lanes, _ends) = (new(shared.Inbound), new(shared.Inbound));
    }

    /// <summary>Whether a sequence starts on any lane of the chunk.</summary>
    public bool IsInChunk { get; private set; }

    /// <summary>That of a model; null where its initial state is zero.</summary>
    public static GpuStart? Of(GpuResources shared, ModelSpec model, ParameterLayout layout) =>
        layout.InitialState is { } first ? new(shared, model, first) : null;

    /// <summary>Packs on which of the active lanes of a chunk a sequence starts.</summary>
    public void Begin(ChunkBatch batch)
    {
        IsInChunk = LearnedStart.IsIn(batch);
        var lanes = _lanes.Room<int>(batch.ActiveLanes.Length);
        int count = 0;
        for (int i = 0; i < batch.ActiveLanes.Length; i++)
        {
            if (batch.ChunkOf(batch.ActiveLanes[i]).StartsSequence)
                lanes[count++] = i;
        }

        _ends.Load<int>([0, count]);
    }

    /// <summary>The gradient of a layer's initial state, after the layer's backward pass.</summary>
    public void Gradient(GpuLayer layer, int index, GpuTimes times)
    {
        for (int state = 0; state < _states.States; state++)
        {
            int width = _states.Width(state);
            _launcher.SumGroups(
                layer.StartGradient(state, times), _lanes.Address, _ends.Address,
                new(_gradients.At(_first + _states.Offset(state, index)), width), 0, 0, adds: false, 1, width);
        }
    }
}
