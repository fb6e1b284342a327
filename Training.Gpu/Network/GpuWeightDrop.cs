using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>A layer's hidden weights of which a share is 0 while training, on a device: the fused engine's <c>WeightDrop</c>.</summary>
internal sealed class GpuWeightDrop : IDisposable
{
    private readonly Launcher _launcher;
    private readonly GpuParameters _parameters;
    private readonly GpuParameters _gradients;
    private readonly InboundPart _key;
    private readonly DeviceBuffer _dropped;
    private readonly string _name;
    private readonly int _layer;
    private readonly double _rate;
    private bool _drops;

    private GpuWeightDrop(GpuResources shared, double rate, int layer)
    {
        (_launcher, _parameters, _gradients) = (shared.Launcher, shared.Parameters, shared.Gradients);
        (_layer, _rate, _name) = (layer, rate, $"rnn.weight_hh_l{layer}");
        (_key, _dropped) = (new(shared.Inbound), new(shared.Device));
    }

    /// <summary>The weights that the chunk computes with.</summary>
    public DeviceWeight Weight => _drops ? Whole with { Start = _dropped.Address } : Whole;

    private DeviceWeight Whole => _parameters.Weight(_name);

    private int Length => Whole.Outputs * Whole.Inputs;

    /// <summary>That of a layer; null where no weights are dropped.</summary>
    public static GpuWeightDrop? Of(GpuResources shared, ModelSpec model, int layer) =>
        model.Dropout.Weight > 0 ? new(shared, model.Dropout.Weight, layer) : null;

    /// <summary>Packs which weights a step leaves.</summary>
    public void Begin(DropoutMasks dropout)
    {
        _drops = dropout.DropsWeights;
        if (!_drops)
            return;
        _key.Load<ulong>([dropout.WeightKey(_layer)]);
        _dropped.Reserve(Length);
    }

    /// <summary>Computes them.</summary>
    public void Drop()
    {
        if (_drops)
            Drop(Whole.Start, _dropped.Address);
    }

    /// <summary>Makes the gradient of the weights that were computed with that of the whole ones.</summary>
    public void DropGradient()
    {
        nint gradient = _gradients.Bias(_name);
        if (_drops)
            Drop(gradient, gradient);
    }

    public void Dispose() => _dropped.Dispose();

    private void Drop(nint from, nint to) => _launcher.Drop(
        new(from, Length), new(to, Length), _key.Address, DropoutMasks.Threshold(_rate), DropoutMasks.Kept(_rate), 1, Length);
}
