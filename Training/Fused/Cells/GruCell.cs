using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// Gated recurrent unit (Cho et al., 2014), as <c>torch.nn.GRU</c>: gates r, z, n; n = tanh(inputs' sum + r · hidden state's sum), h = (1 −
/// z)·n + z·h'.
/// </summary>
public sealed unsafe record GruCell : RecurrentCell
{
    /// <inheritdoc/>
    public override string Word => "gru";

    /// <inheritdoc/>
    public override string About => "gated recurrent unit, as `torch.nn.GRU`";

    /// <inheritdoc/>
    public override string? TorchModule => "GRU";

    /// <inheritdoc/>
    public override OnnxOperator? OnnxOperator => new("GRU", [1, 0, 2], LinearBeforeReset: true);

    /// <inheritdoc/>
    public override int Gates => 3;

    /// <inheritdoc/>
    public override bool SplitsGates => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new ForwardWork(
                    units, memory.Gates[at.Row + lane], memory.HiddenGates[at.Row + lane], memory.Hidden[at.Before + lane],
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
                    units, memory.Gates[at.Row + lane], memory.HiddenGates[at.Row + lane], memory.Hidden[at.Before + lane],
                    memory.OutputGradient[at.Row + lane],
                    at.RowBefore < 0 ? null : memory.OutputGradient[at.RowBefore + lane]),
                units);
        }
    }

    private readonly struct ForwardWork(int units, float* gates, float* hiddenGates, float* before, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            float* hidden = hiddenGates + at;
            var r = Activation.Sigmoid(T.Load(gate) + T.Load(hidden));
            var z = Activation.Sigmoid(T.Load(gate + units) + T.Load(hidden + units));
            var n = Activation.Tanh(T.MultiplyAdd(r, T.Load(hidden + 2 * units), T.Load(gate + 2 * units)));
            T.Store(r, gate);
            T.Store(z, gate + units);
            T.Store(n, gate + 2 * units);
            T.Store(T.MultiplyAdd(z, T.Load(before + at) - n, n), h + at);
        }
    }

    private readonly struct BackwardWork(int units, float* gates, float* hiddenGates, float* before, float* outputGradient,
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
}
