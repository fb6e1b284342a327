using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// DropConnect of a layer's hidden weights, as AWD-LSTM has it: while training a step computes with weights of which a share is 0, the same
/// on all trainers, and those have no gradient. Outside of training the weights are whole.
/// </summary>
internal sealed unsafe class WeightDrop
{
    private readonly Recurrence _recurrence;
    private readonly ParameterSlot _slot;
    private readonly int _layer;
    private readonly float[] _whole;
    private readonly float[] _dropped;
    private readonly float[] _mask;
    private DropoutMasks _masked;
    private bool _isWhole;

    public WeightDrop(ParameterLayout layout, int layer, Recurrence recurrence)
    {
        (_recurrence, _layer) = (recurrence, layer);
        _slot = layout.Slots.Single(slot => slot.Name == $"rnn.weight_hh_l{layer}");
        (_whole, _dropped, _mask) = (Allocate(), Allocate(), Allocate());

        float[] Allocate() => GC.AllocateUninitializedArray<float>(_slot.Length, pinned: true);
    }

    /// <summary>Takes the weights over, which have been loaded whole.</summary>
    public void Load(float* parameters)
    {
        new ReadOnlySpan<float>(parameters + _slot.Offset, _slot.Length).CopyTo(_whole);
        _isWhole = true;
    }

    /// <summary>Has the next chunk computed with the weights that a step leaves, or with the whole ones.</summary>
    public void Begin(DropoutMasks dropout)
    {
        if (dropout.DropsWeights)
        {
            // The pieces and the shards of a step have the same weights, whatever lanes they begin at.
            dropout = dropout with { FirstLane = 0 };
            if (!_isWhole && dropout == _masked)
                return;
            _masked = dropout;
            dropout.FillWeights(_layer, _mask);
            Elementwise.Run(new Product(Start(_whole), Start(_mask), Start(_dropped)), _slot.Length);
            Use(_dropped);
        }
        else if (!_isWhole)
            Use(_whole);
        _isWhole = !dropout.DropsWeights;
    }

    /// <summary>Makes the gradient of the weights that were computed with that of the whole ones.</summary>
    public void Backward(float* gradient)
    {
        float* own = gradient + _slot.Offset;
        if (!_isWhole)
            Elementwise.Run(new Product(own, Start(_mask), own), _slot.Length);
    }

    // Weights are found at their place in the flat parameters, whose beginning is never read.
    private void Use(float[] weights) => _recurrence.LoadWeights(Start(weights) - _slot.Offset);

    // Pinned: it does not move.
    private static float* Start(float[] pinned) => (float*)Unsafe.AsPointer(ref pinned[0]);

    private readonly struct Product(float* left, float* right, float* to) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(T.Load(left + at) * T.Load(right + at), to + at);
    }
}
