using Orleans.Tbptt.Training.Fused.Matrices;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// All time steps of a layer with few units and hardly a lane, where a product of a time step is so small that calls, loads and stores
/// between product and gates would cost more than the arithmetic: the sums stay in registers until the gates are made of them.
/// </summary>
/// <remarks>
/// Every sum is the same chain of fused multiply-adds as in <see cref="MatrixProduct"/>, so that it makes no difference to a bit which of
/// the two computes it. Weights are in blocks of as many units as a register holds, all that a block's sums need in one piece:
/// <code>
/// forward   [block][unit before][gate][unit of the block]
/// backward  [block][gate's sum][unit of the block]
/// </code>
/// </remarks>
internal abstract unsafe class LaneSweep : IDisposable
{
    /// <summary>Lanes up to which it is faster: with more, a tile uses each weight that it loads for several.</summary>
    public const int MostLanes = 2;

    /// <summary>Units up to which it is faster: the weights stay in the first-level cache.</summary>
    public const int MostUnits = 64;

    private readonly NativeFloats _forward = new();
    private readonly NativeFloats _backward = new();
    private readonly int _gates;

    /// <summary>Prepares for a cell.</summary>
    /// <param name="gates">Its gates.</param>
    /// <param name="units">Units of the layer.</param>
    protected LaneSweep(int gates, int units) => (_gates, Units) = (gates, units);

    /// <summary>Units of the layer.</summary>
    protected int Units { get; }

    /// <summary>The weights of the sums over the hidden state, for the forward pass.</summary>
    protected float* ForwardWeights => _forward.Start;

    /// <summary>The same for the backward pass.</summary>
    protected float* BackwardWeights => _backward.Start;

    /// <summary>Loads the recurrent weight, <c>[gates · units, units]</c>.</summary>
    /// <param name="weight">Its first number.</param>
    /// <param name="stride">The stride between its rows.</param>
    public void Load(float* weight, int stride)
    {
        long length = (long)_gates * Units * Units;
        _forward.Reserve(length);
        _backward.Reserve(length);
        float* forward = _forward.Start, backward = _backward.Start;
        for (int first = 0, width; first < Units; first += width)
        {
            width = Simd.Elementwise.WidthOf(Units - first);
            for (int before = 0; before < Units; before++)
            {
                for (int gate = 0; gate < _gates; gate++)
                {
                    float* from = weight + (((nint)gate * Units) + first) * stride + before;
                    for (int unit = 0; unit < width; unit++, from += stride)
                        *forward++ = *from;
                }
            }

            for (int sum = 0; sum < _gates * Units; sum++, backward += width)
                new ReadOnlySpan<float>(weight + (nint)sum * stride + first, width).CopyTo(new(backward, width));
        }
    }

    /// <summary>Runs the time steps, as <see cref="FusedLayer.Forward"/>.</summary>
    public abstract void Forward(CellMemory memory, Timetable times);

    /// <summary>Backpropagates to the gradients of all rows' sums, as <see cref="FusedLayer.Backward"/>.</summary>
    public abstract void Backward(CellMemory memory, Timetable times);

    public void Dispose()
    {
        _forward.Dispose();
        _backward.Dispose();
    }
}
