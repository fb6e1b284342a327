using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>The time steps of an <see cref="LstmCell"/> with few units and one lane.</summary>
internal sealed unsafe class LstmSweep(int units) : LaneSweep(4, units)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Forward(CellMemory memory, ReadOnlySpan<TimeStep> steps, float* bias)
    {
        int units = Units, lanes = memory.Lanes;
        Rows cells = memory.History(1), hidden = memory.Hidden, gates = memory.Gates, kept = memory.Kept;
        float* weights = ForwardWeights, h = hidden[0], c = cells[0], gate = gates[0], tanh = kept[0];
        nint row = hidden.Stride, gateRow = gates.Stride, keptRow = kept.Stride;
        foreach (var at in steps)
        {
            for (int lane = 0; lane < at.Lanes; lane++)
            {
                nint before = (at.Before + lane) * row, now = at.Row + lane, after = (lanes + now) * row;
                Elementwise.Run(
                    new ForwardWork(
                        units, weights, h + before, gate + (now * gateRow), c + before, c + after, tanh + (now * keptRow), h + after),
                    units);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(CellMemory memory, ReadOnlySpan<TimeStep> steps, bool carries)
    {
        int units = Units;
        Rows cells = memory.History(1), outputs = memory.OutputGradient, gates = memory.Gates, kept = memory.Kept;
        float* c = cells[0], gate = gates[0], tanh = kept[0], output = outputs[0];
        float* cellGradient = memory.StateGradient(1)[0];
        nint row = outputs.Stride, gateRow = gates.Stride, keptRow = kept.Stride;
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            var at = steps[i];
            if (carries)
                memory.TakeCarried(at);
            for (int lane = 0; lane < at.Lanes; lane++)
            {
                nint now = at.Row + lane;
                float* sums = gate + (now * gateRow);
                Elementwise.Run(
                    new LstmCell.BackwardWork(
                        units, sums, c + ((at.Before + lane) * row), tanh + (now * keptRow), output + (now * row),
                        cellGradient + (lane * row)),
                    units);
                if (at.RowBefore >= 0)
                    ToBefore(sums, output + ((at.RowBefore + lane) * row));
            }
        }
    }

    private readonly struct ForwardWork(
        int units, float* weights, float* hidden, float* gates, float* before, float* c, float* tanh, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at, weight = weights + ((nint)4 * units * at), from = hidden;
            T i = T.Load(gate), f = T.Load(gate + units), g = T.Load(gate + 2 * units), o = T.Load(gate + 3 * units);
            for (float* end = from + units; from < end; from++, weight += 4 * T.Count)
            {
                var x = T.Of(*from);
                i = T.MultiplyAdd(x, T.Load(weight), i);
                f = T.MultiplyAdd(x, T.Load(weight + T.Count), f);
                g = T.MultiplyAdd(x, T.Load(weight + 2 * T.Count), g);
                o = T.MultiplyAdd(x, T.Load(weight + 3 * T.Count), o);
            }

            LstmCell.Apply(i, f, g, o, units, gate, before + at, c + at, tanh + at, h + at);
        }
    }
}
