using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// minLSTM ("Were RNNs All We Needed?", Feng et al., 2024), whose gates are of the input alone: gates f, i, n; with f and i the sigmoids of
/// their sums and n = g of its sum (<see cref="PositiveValue"/>), h = (f·h' + i·n) / (f + i). Computed step by step, not by a scan.
/// </summary>
public sealed unsafe record MinLstmCell : RecurrentCell
{
    /// <inheritdoc/>
    public override string Word => "minlstm";

    /// <inheritdoc/>
    public override string About => "minLSTM (Feng et al., 2024), whose gates are of the input alone";

    /// <inheritdoc/>
    public override int Gates => 3;

    /// <inheritdoc/>
    public override bool HasHiddenWeights => false;

    /// <summary>1 − f and 1 − i, which would lose their precision as differences.</summary>
    internal override int Kept => 2;

    /// <inheritdoc/>
    public override int? ForgetGate => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new ForwardWork(
                    units, memory.Gates[at.Row + lane], memory.Hidden[at.Before + lane], memory.Kept[at.Row + lane],
                    memory.Hidden[memory.Lanes + at.Row + lane]),
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
                    units, memory.Gates[at.Row + lane], memory.Hidden[at.Before + lane], memory.Kept[at.Row + lane],
                    memory.OutputGradient[at.Row + lane],
                    at.RowBefore < 0 ? null : memory.OutputGradient[at.RowBefore + lane]),
                units);
        }
    }

    internal override void ForwardUnit<T>(CellUnit unit) =>
        new ForwardWork(unit.Units, unit.Gates, (float*)unit.Before[0], unit.Kept, (float*)unit.After[0]).Do<T>(0);

    internal override void BackwardUnit<T>(CellUnit unit) =>
        new BackwardWork(
            unit.Units, unit.Gates, (float*)unit.Before[0], unit.Kept, unit.OutputGradient, unit.OutputGradientBefore).Do<T>(0);

    private readonly struct ForwardWork(int units, float* gates, float* before, float* kept, float* h) : IElementwise
    {
        /// <summary>
        /// With 1/f = 1 + e^−a and 1/i = 1 + e^−b, f / (f + i) = (1/i) / (1/f + 1/i). Both are multiplied by e^−m with m the
        /// largest of −a, −b and 0: nothing overflows, and their sum is 1 at least, however small f and i are.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T a = -T.Load(gate), b = -T.Load(gate + units);
            var most = T.WhereLess(a, b, b, a);
            most = T.WhereLess(most, T.Of(0), T.Of(0), most);
            var one = Activation.Exp(-most);
            T inverseF = one + Activation.Exp(a - most), inverseI = one + Activation.Exp(b - most);
            var sum = inverseF + inverseI;
            T keep = inverseI / sum, take = inverseF / sum;
            var n = PositiveValue.Of(T.Load(gate + 2 * units));
            T.Store(keep, gate);
            T.Store(take, gate + units);
            T.Store(n, gate + 2 * units);
            T.Store(Activation.Sigmoid(a), kept + at);
            T.Store(Activation.Sigmoid(b), kept + units + at);
            T.Store(T.MultiplyAdd(keep, T.Load(before + at), take * n), h + at);
        }
    }

    private readonly struct BackwardWork(int units, float* gates, float* before, float* kept, float* outputGradient,
        float* outputGradientBefore) : IElementwise
    {
        /// <summary>f / (f + i) is the sigmoid of ln f − ln i, and the derivative of ln f is 1 − f.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T keep = T.Load(gate), take = T.Load(gate + units), n = T.Load(gate + 2 * units), dh = T.Load(outputGradient + at);
            var difference = dh * (T.Load(before + at) - n) * (keep * take);
            T.Store(difference * T.Load(kept + at), gate);
            T.Store(-difference * T.Load(kept + units + at), gate + units);
            T.Store(dh * take * PositiveValue.Derivative(n), gate + 2 * units);
            if (outputGradientBefore is not null)
                T.Store(T.MultiplyAdd(dh, keep, T.Load(outputGradientBefore + at)), outputGradientBefore + at);
        }
    }
}
