using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// minGRU ("Were RNNs All We Needed?", Feng et al., 2024), whose gates are of the input alone: gates z, n; z = sigmoid of its sum, n = g of
/// its sum (<see cref="PositiveValue"/>), h = (1 − z)·h' + z·n. Computed step by step, not by a parallel scan.
/// </summary>
public sealed unsafe record MinGruCell : RecurrentCell
{
    /// <inheritdoc/>
    public override string Word => "mingru";

    /// <inheritdoc/>
    public override string About => "minGRU (Feng et al., 2024), whose gates are of the input alone";

    /// <inheritdoc/>
    public override int Gates => 2;

    /// <inheritdoc/>
    public override bool HasHiddenWeights => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new ForwardWork(
                    units, memory.Gates[at.Row + lane], memory.Hidden[at.Before + lane], memory.Hidden[memory.Lanes + at.Row + lane]),
                units);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Backward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new BackwardWork(
                    units, memory.Gates[at.Row + lane], memory.Hidden[at.Before + lane], memory.OutputGradient[at.Row + lane],
                    at.RowBefore < 0 ? null : memory.OutputGradient[at.RowBefore + lane]),
                units);
        }
    }

    internal override void ForwardUnit<T>(CellUnit unit) =>
        new ForwardWork(unit.Units, unit.Gates, (float*)unit.Before[0], (float*)unit.After[0]).Do<T>(0);

    internal override void BackwardUnit<T>(CellUnit unit) =>
        new BackwardWork(unit.Units, unit.Gates, (float*)unit.Before[0], unit.OutputGradient, unit.OutputGradientBefore).Do<T>(0);

    private readonly struct ForwardWork(int units, float* gates, float* before, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            var z = Activation.Sigmoid(T.Load(gate));
            var n = PositiveValue.Of(T.Load(gate + units));
            var last = T.Load(before + at);
            T.Store(z, gate);
            T.Store(n, gate + units);
            T.Store(T.MultiplyAdd(z, n - last, last), h + at);
        }
    }

    private readonly struct BackwardWork(int units, float* gates, float* before, float* outputGradient, float* outputGradientBefore)
        : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T z = T.Load(gate), n = T.Load(gate + units), dh = T.Load(outputGradient + at), rest = T.Of(1) - z;
            T.Store(dh * (n - T.Load(before + at)) * (z * rest), gate);
            T.Store(dh * z * PositiveValue.Derivative(n), gate + units);
            if (outputGradientBefore is not null)
                T.Store(T.MultiplyAdd(dh, rest, T.Load(outputGradientBefore + at)), outputGradientBefore + at);
        }
    }
}
