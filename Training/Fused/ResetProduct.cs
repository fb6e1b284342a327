using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// Two products, as in Cho et al. (2014): of the hidden state h' with the weights of the gates r and z, then of r·h', which is kept
/// (<see cref="CellMemory.Kept"/>), with that of the candidate.
/// </summary>
internal sealed unsafe class ResetProduct : Recurrence
{
    private readonly Weight _gates;
    private readonly Weight _candidate;
    private readonly Bias _bias;
    private readonly Rows _gateSums;
    private readonly Rows _candidateSums;
    private readonly Rows _zeros;
    private readonly OutputGradient _gateGradient;
    private readonly OutputGradient _candidateGradient;

    public ResetProduct(Team team, ParameterLayout layout, string layer)
    {
        (_gateGradient, _candidateGradient) = (new(team), new(team));
        string name = $"rnn.weight_hh_l{layer}";
        int units = layout.Slots.Single(slot => slot.Name == name).Shape[1];
        (_gates, _candidate) = (new(team, layout, name, rows: 2 * units), new(team, layout, name, firstRow: 2 * units, rows: units));
        _bias = new(layout, $"rnn.bias_hh_l{layer}");
        (_gateSums, _candidateSums, _zeros) = (new(2 * units), new(units), new(2 * units));
        _zeros.Reserve(1);
    }

    public override void LoadWeights(float* parameters)
    {
        _gates.Load(parameters, toInputs: true);
        _candidate.Load(parameters, toInputs: true);
    }

    public override void LoadBias(float* parameters, float* inputBias) => _bias.AddTo(parameters, inputBias);

    public override void Begin(int lanes)
    {
        _gateSums.Reserve(lanes);
        _candidateSums.Reserve(lanes);
    }

    public override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        _gates.Forward(memory.Hidden[at.Before], memory.Hidden.Stride, _zeros[0], 0, _gateSums, at.First, at.Lanes);
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new ResetWork(
                    units, _gateSums[at.First + lane], memory.Gates[at.Row + lane], memory.Hidden[at.Before + lane],
                    memory.Kept[at.Row + lane]),
                units);
        }

        _candidate.Forward(memory.Kept[at.Row], memory.Kept.Stride, _zeros[0], 0, _candidateSums, at.First, at.Lanes);
        for (int lane = 0; lane < at.Lanes; lane++)
            Elementwise.Run(new AddTo(_candidateSums[at.First + lane], memory.Gates[at.Row + lane] + 2 * units), units);
    }

    public override void Backward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        bool isFirst = at.RowBefore < 0;
        _candidate.Backward(memory.Gates[at.Row] + 2 * units, memory.Gates.Stride, _zeros[0], 0, _candidateSums, at.First, at.Lanes);
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            Elementwise.Run(
                new ResetGradient(
                    _candidateSums[at.First + lane], memory.Gates[at.Row + lane], memory.Hidden[at.Before + lane],
                    isFirst ? null : memory.OutputGradient[at.RowBefore + lane]),
                units);
        }

        if (isFirst)
            return;
        _gates.Backward(
            memory.Gates[at.Row], memory.Gates.Stride, memory.OutputGradient[at.RowBefore], memory.OutputGradient.Stride,
            memory.OutputGradient, at.RowBefore, at.Lanes);
    }

    public override void Gradient(CellMemory memory, GradientRows rows, OutputGradient gateGradient, Bias inputBias, float* gradient)
    {
        Rows gates = memory.Gates, kept = memory.Kept;
        int units = memory.Units;
        var ofGates = _gateGradient.Of(gates, rows, 0, 2 * units);
        var ofCandidate = _candidateGradient.Of(gates, rows, 2 * units, units);
        _gates.Gradient(ofGates, memory.Hidden, rows.Before, _zeros[0], gradient);
        _candidate.Gradient(ofCandidate, kept[0], kept.Stride, rows, _zeros[0], gradient);
        _bias.CopyGradient(inputBias, gradient);
    }

    public override void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])
            [_gates, _candidate, _gateSums, _candidateSums, _zeros, _gateGradient, _candidateGradient])
        {
            one.Dispose();
        }
    }

    internal readonly struct ResetWork(int units, float* sums, float* gates, float* before, float* reset) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            var r = Activation.Sigmoid(T.Load(gate) + T.Load(sums + at));
            T.Store(r, gate);
            T.Store(T.Load(gate + units) + T.Load(sums + units + at), gate + units);
            T.Store(r * T.Load(before + at), reset + at);
        }
    }

    internal readonly struct ResetGradient(float* resetGradient, float* gates, float* before, float* outputGradientBefore) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            T r = T.Load(gates + at), d = T.Load(resetGradient + at);
            T.Store(d * T.Load(before + at) * (r * (T.Of(1) - r)), gates + at);
            if (outputGradientBefore is not null)
                T.Store(T.MultiplyAdd(d, r, T.Load(outputGradientBefore + at)), outputGradientBefore + at);
        }
    }
}
