using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// All time steps of a layer with few units and one lane, where a product of a time step is so small that calls, loads and stores
/// between product and gates would cost more than the arithmetic: the sums stay in registers until the gates are made of them.
/// </summary>
/// <remarks>
/// Every sum is the same chain of fused multiply-adds as in <see cref="MatrixProduct"/>, so that it makes no difference to a bit which of
/// the two computes it. For the forward pass weights are in blocks of as many units as a register holds, all that a block's sums need in
/// one piece; for the backward pass in rows, padded to full registers:
/// <code>
/// forward   [block][unit before][gate][unit of the block]
/// backward  [gate's sum][unit]
/// </code>
/// </remarks>
internal abstract unsafe class LaneSweep : IDisposable
{
    /// <summary>Lanes up to which it is faster: with more, a tile uses each weight that it loads for several.</summary>
    public const int MostLanes = 1;

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

    /// <summary>Loads the recurrent weight, <c>[gates · units, units]</c>.</summary>
    /// <param name="weight">Its first number.</param>
    /// <param name="stride">The stride between its rows.</param>
    public void Load(float* weight, int stride)
    {
        int sums = _gates * Units, padded = Rows.Padded(Units);
        _forward.Reserve((long)sums * Units);
        _backward.Reserve((long)sums * padded);
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
        }

        // The padding stays 0.
        for (int sum = 0; sum < sums; sum++, backward += padded)
            new ReadOnlySpan<float>(weight + (nint)sum * stride, Units).CopyTo(new(backward, Units));
    }

    /// <summary>Runs the time steps, as <c>FusedLayer.Forward</c>.</summary>
    /// <param name="memory">The layer's buffers.</param>
    /// <param name="steps">The time steps.</param>
    /// <param name="bias">What sums over the hidden state begin with where they are kept separately.</param>
    public abstract void Forward(CellMemory memory, ReadOnlySpan<TimeStep> steps, float* bias);

    /// <summary>Backpropagates to the gradients of all rows' sums, as <c>FusedLayer.Backward</c>.</summary>
    /// <param name="memory">The layer's buffers.</param>
    /// <param name="steps">The time steps.</param>
    /// <param name="carries">As <see cref="Timetable.Carries"/>.</param>
    public abstract void Backward(CellMemory memory, ReadOnlySpan<TimeStep> steps, bool carries);

    /// <summary>Adds to the gradient of the hidden state what that of the gates' sums gives.</summary>
    /// <param name="sums">The gradient of the gates' sums.</param>
    /// <param name="gradient">That of the hidden state, padded.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void ToBefore(float* sums, float* gradient)
    {
        int padded = Rows.Padded(Units);
        for (int first = 0, width; first < padded; first += width)
        {
            width = Math.Min(Tiles.Columns, padded - first);
            float* to = gradient + first;
            Tiles.Of(1, width / Simd.Elementwise.Width)(
                _gates * Units, sums, 0, 1, _backward.Start + first, padded, to, 0, to, 0);
        }
    }

    public void Dispose()
    {
        _forward.Dispose();
        _backward.Dispose();
    }
}
