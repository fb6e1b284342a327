using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate by Gers et al., 2000), as <c>torch.nn.LSTM</c>: gates i, f, g, o;
/// c = f·c' + i·g, h = o·tanh c; with a projection (Sak, Senior and Beaufays, 2014), as with <c>proj_size</c>, h = W_hr · (o·tanh c).
/// </summary>
public sealed unsafe record LstmCell : RecurrentCell
{
    /// <summary>The length of h where it is a product of o·tanh c with <c>weight_hr</c>; null for none. Default null.</summary>
    public int? ProjectionSize { get; init; }

    /// <inheritdoc/>
    public override string Word => "lstm";

    /// <inheritdoc/>
    public override string About => "long short-term memory, as `torch.nn.LSTM`";

    /// <inheritdoc/>
    public override string? TorchModule => ProjectionSize is null ? "LSTM" : null;

    /// <inheritdoc/>
    public override IReadOnlyList<string> KeysWithoutTorch => ProjectionSize is null ? [] : ["projectionSize"];

    /// <inheritdoc/>
    public override OnnxOperator? OnnxOperator => new("LSTM", [0, 3, 1, 2]);

    /// <inheritdoc/>
    public override int Gates => 4;

    /// <inheritdoc/>
    public override int? Projection => ProjectionSize;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames => ["h", "c"];

    /// <summary>tanh c.</summary>
    internal override int Kept => 1;

    /// <inheritdoc/>
    public override int? ForgetGate => 1;

    internal override LaneSweep? Sweep(int units) => ProjectionSize is null ? new LstmSweep(units) : null;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        ProjectionSize = walk.OptionalCount(
            "projectionSize", ProjectionSize,
            "h is projected to this length, less than `hiddenSize`, as with `proj_size` of `torch.nn.LSTM`; not with engine torch",
            "none: h has `hiddenSize` numbers"),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        var cells = memory.History(1);
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            int after = memory.Lanes + at.Row + lane;
            Elementwise.Run(
                new ForwardWork(
                    units, memory.Gates[at.Row + lane], cells[at.Before + lane], cells[after], memory.Kept[at.Row + lane],
                    memory.CellOutputs[after]),
                units);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Backward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        Rows cells = memory.History(1), gradient = memory.StateGradient(1);
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new BackwardWork(
                    units, memory.Gates[at.Row + lane], cells[at.Before + lane], memory.Kept[at.Row + lane],
                    memory.CellOutputGradient[at.Row + lane], gradient[at.First + lane]),
                units);
        }
    }

    internal override void ForwardUnit<T>(CellUnit unit) =>
        new ForwardWork(
            unit.Units, unit.Gates, (float*)unit.Before[1], (float*)unit.After[1], unit.Kept, (float*)unit.After[0]).Do<T>(0);

    internal override void BackwardUnit<T>(CellUnit unit) =>
        new BackwardWork(
            unit.Units, unit.Gates, (float*)unit.Before[1], unit.Kept, unit.OutputGradient, (float*)unit.StateGradient[1]).Do<T>(0);

    /// <summary>From the gates' sums to their values and the new state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Apply<T>(
        T inputSum, T forgetSum, T cellSum, T outputSum, int units, float* gate, float* before, float* c, float* tanh, float* h)
        where T : unmanaged, IFloats<T>
    {
        var i = Activation.Sigmoid(inputSum);
        var f = Activation.Sigmoid(forgetSum);
        var g = Activation.Tanh(cellSum);
        var o = Activation.Sigmoid(outputSum);
        var state = T.MultiplyAdd(f, T.Load(before), i * g);
        var squashed = Activation.Tanh(state);
        T.Store(i, gate);
        T.Store(f, gate + units);
        T.Store(g, gate + 2 * units);
        T.Store(o, gate + 3 * units);
        T.Store(state, c);
        T.Store(squashed, tanh);
        T.Store(o * squashed, h);
    }

    private readonly struct ForwardWork(int units, float* gates, float* before, float* c, float* tanh, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            Apply(
                T.Load(gate), T.Load(gate + units), T.Load(gate + 2 * units), T.Load(gate + 3 * units), units, gate, before + at, c + at,
                tanh + at, h + at);
        }
    }

    internal readonly struct BackwardWork(int units, float* gates, float* before, float* tanh, float* outputGradient,
        float* cellGradient) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T i = T.Load(gate), f = T.Load(gate + units), g = T.Load(gate + 2 * units), o = T.Load(gate + 3 * units);
            T squashed = T.Load(tanh + at), dh = T.Load(outputGradient + at), one = T.Of(1);

            // h = o · tanh c; the derivatives of sigmoid and tanh are s (1 − s) and 1 − t².
            var dc = T.MultiplyAdd(dh * o, T.MultiplyAdd(-squashed, squashed, one), T.Load(cellGradient + at));
            T.Store(dc * g * (i * (one - i)), gate);
            T.Store(dc * T.Load(before + at) * (f * (one - f)), gate + units);
            T.Store(dc * i * T.MultiplyAdd(-g, g, one), gate + 2 * units);
            T.Store(dh * squashed * (o * (one - o)), gate + 3 * units);
            T.Store(dc * f, cellGradient + at);
        }
    }
}
