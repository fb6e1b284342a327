using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// Gated recurrent unit: gates r, z, n; h = (1 − z)·n + z·h'. As <c>torch.nn.GRU</c> has it, n = tanh(inputs' sum + r · hidden state's
/// sum); as Cho et al. (2014) and Keras' <c>reset_after=False</c> have it, the hidden state's sum is over r·h'.
/// </summary>
public sealed unsafe record GruCell : RecurrentCell
{
    /// <summary>
    /// Whether r is applied to the product of <c>weight_hh</c> and h', its bias included, instead of to h' before it. Default true.
    /// </summary>
    public bool ResetAfter { get; init; } = true;

    /// <inheritdoc/>
    public override string Word => "gru";

    /// <inheritdoc/>
    public override string About => "gated recurrent unit, as `torch.nn.GRU`";

    /// <inheritdoc/>
    public override string? TorchModule => ResetAfter ? "GRU" : null;

    /// <inheritdoc/>
    public override IReadOnlyList<string> KeysWithoutTorch => ResetAfter ? [] : ["resetAfter"];

    /// <inheritdoc/>
    public override OnnxOperator? OnnxOperator => new("GRU", [1, 0, 2], LinearBeforeReset: ResetAfter);

    /// <inheritdoc/>
    public override int Gates => 3;

    /// <inheritdoc/>
    public override bool SplitsGates => ResetAfter;

    /// <inheritdoc/>
    internal override bool ResetsFirst => !ResetAfter;

    /// <summary>r·h'.</summary>
    internal override int Kept => ResetAfter ? 0 : 1;

    internal override LaneSweep? Sweep(int units) => ResetAfter ? new GruSweep(units) : null;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        ResetAfter = walk.Flag(
            "resetAfter", ResetAfter,
            "the reset gate multiplies the product with the hidden state, as in `torch.nn.GRU`; false: the hidden state before the "
                + "product, as in Cho et al. (2014); not with engine torch",
            isWritten: !ResetAfter),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            float* gates = memory.Gates[at.Row + lane], before = memory.Hidden[at.Before + lane];
            float* h = memory.Hidden[memory.Lanes + at.Row + lane];
            if (ResetAfter)
                Elementwise.Run(new ForwardWork(units, gates, memory.HiddenGates[at.Row + lane], before, h), units);
            else
                Elementwise.Run(new ForwardAfterReset(units, gates, before, h), units);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Backward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            float* gates = memory.Gates[at.Row + lane], before = memory.Hidden[at.Before + lane];
            float* gradient = memory.OutputGradient[at.Row + lane];
            float* gradientBefore = at.RowBefore < 0 ? null : memory.OutputGradient[at.RowBefore + lane];
            if (ResetAfter)
                Elementwise.Run(
                    new BackwardWork(units, gates, memory.HiddenGates[at.Row + lane], before, gradient, gradientBefore), units);
            else
                Elementwise.Run(new BackwardToReset(units, gates, before, gradient, gradientBefore), units);
        }
    }

    internal override void ForwardUnit<T>(CellUnit unit)
    {
        float* before = (float*)unit.Before[0], h = (float*)unit.After[0];
        if (ResetAfter)
            new ForwardWork(unit.Units, unit.Gates, unit.HiddenGates, before, h).Do<T>(0);
        else
            new ForwardAfterReset(unit.Units, unit.Gates, before, h).Do<T>(0);
    }

    internal override void BackwardUnit<T>(CellUnit unit)
    {
        float* before = (float*)unit.Before[0];
        if (ResetAfter)
            new BackwardWork(unit.Units, unit.Gates, unit.HiddenGates, before, unit.OutputGradient, unit.OutputGradientBefore).Do<T>(0);
        else
            new BackwardToReset(unit.Units, unit.Gates, before, unit.OutputGradient, unit.OutputGradientBefore).Do<T>(0);
    }

    /// <summary>From the sums over the hidden state, and those over inputs in the gates, to the gates' values and the new state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Apply<T>(T resetSum, T updateSum, T candidateSum, int units, float* gate, float* before, float* h)
        where T : unmanaged, IFloats<T>
    {
        var r = Activation.Sigmoid(T.Load(gate) + resetSum);
        var z = Activation.Sigmoid(T.Load(gate + units) + updateSum);
        var n = Activation.Tanh(T.MultiplyAdd(r, candidateSum, T.Load(gate + 2 * units)));
        T.Store(r, gate);
        T.Store(z, gate + units);
        T.Store(n, gate + 2 * units);
        T.Store(T.MultiplyAdd(z, T.Load(before) - n, n), h);
    }

    private readonly struct ForwardWork(int units, float* gates, float* hiddenGates, float* before, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* hidden = hiddenGates + at;
            Apply(T.Load(hidden), T.Load(hidden + units), T.Load(hidden + 2 * units), units, gates + at, before + at, h + at);
        }
    }

    internal readonly struct BackwardWork(int units, float* gates, float* hiddenGates, float* before, float* outputGradient,
        float* outputGradientBefore) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            float* hidden = hiddenGates + at;
            T r = T.Load(gate), z = T.Load(gate + units), n = T.Load(gate + 2 * units);
            T dh = T.Load(outputGradient + at), one = T.Of(1);
            var dn = dh * (one - z) * T.MultiplyAdd(-n, n, one);
            var dz = dh * (T.Load(before + at) - n) * (z * (one - z));
            var dr = dn * T.Load(hidden + 2 * units) * (r * (one - r));
            T.Store(dr, gate);
            T.Store(dz, gate + units);
            T.Store(dn, gate + 2 * units);
            T.Store(dr, hidden);
            T.Store(dz, hidden + units);
            T.Store(dn * r, hidden + 2 * units);
            if (outputGradientBefore is not null)
                T.Store(T.MultiplyAdd(dh, z, T.Load(outputGradientBefore + at)), outputGradientBefore + at);
        }
    }

    /// <summary>With r applied already, which the first gate holds; the other two hold their whole sums.</summary>
    private readonly struct ForwardAfterReset(int units, float* gates, float* before, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            var z = Activation.Sigmoid(T.Load(gate + units));
            var n = Activation.Tanh(T.Load(gate + 2 * units));
            T.Store(z, gate + units);
            T.Store(n, gate + 2 * units);
            T.Store(T.MultiplyAdd(z, T.Load(before + at) - n, n), h + at);
        }
    }

    /// <summary>The gradients of the sums of z and n; r, whose gradient comes through the product with r·h', stays.</summary>
    private readonly struct BackwardToReset(int units, float* gates, float* before, float* outputGradient, float* outputGradientBefore)
        : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T z = T.Load(gate + units), n = T.Load(gate + 2 * units), dh = T.Load(outputGradient + at), one = T.Of(1);
            T.Store(dh * (T.Load(before + at) - n) * (z * (one - z)), gate + units);
            T.Store(dh * (one - z) * T.MultiplyAdd(-n, n, one), gate + 2 * units);
            if (outputGradientBefore is not null)
                T.Store(T.MultiplyAdd(dh, z, T.Load(outputGradientBefore + at)), outputGradientBefore + at);
        }
    }
}
