using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>The time steps of a <see cref="GruCell"/> whose reset gate is applied after the product, with few units and one lane.</summary>
internal sealed unsafe class GruSweep(int units) : LaneSweep(3, units)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Forward(CellMemory memory, ReadOnlySpan<TimeStep> steps, float* bias)
    {
        int units = Units, lanes = memory.Lanes;
        Rows hidden = memory.Hidden, gates = memory.Gates;
        float* weights = ForwardWeights, h = hidden[0], gate = gates[0], hiddenGate = memory.HiddenGates[0];
        nint row = hidden.Stride, gateRow = gates.Stride;
        foreach (var at in steps)
        {
            for (int lane = 0; lane < at.Lanes; lane++)
            {
                nint now = at.Row + lane;
                Elementwise.Run(
                    new ForwardWork(
                        units, weights, bias, gate + (now * gateRow), hiddenGate + (now * gateRow), h + ((at.Before + lane) * row),
                        h + ((lanes + now) * row)),
                    units);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(CellMemory memory, ReadOnlySpan<TimeStep> steps, bool carries)
    {
        int units = Units;
        Rows outputs = memory.OutputGradient, gates = memory.Gates;
        float* h = memory.Hidden[0], gate = gates[0], hiddenGate = memory.HiddenGates[0], output = outputs[0];
        nint row = outputs.Stride, gateRow = gates.Stride;
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            var at = steps[i];
            if (carries)
                memory.TakeCarried(at);
            for (int lane = 0; lane < at.Lanes; lane++)
            {
                nint now = at.Row + lane;
                float* sums = hiddenGate + (now * gateRow), before = at.RowBefore < 0 ? null : output + ((at.RowBefore + lane) * row);
                Elementwise.Run(
                    new GruCell.BackwardWork(
                        units, gate + (now * gateRow), sums, h + ((at.Before + lane) * row), output + (now * row), before),
                    units);
                if (before is not null)
                    ToBefore(sums, before);
            }
        }
    }

    private readonly struct ForwardWork(
        int units, float* weights, float* bias, float* gates, float* hiddenGates, float* before, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* weight = weights + ((nint)3 * units * at), from = before;
            T r = T.Load(bias + at), z = T.Load(bias + units + at), n = T.Load(bias + 2 * units + at);
            for (float* end = from + units; from < end; from++, weight += 3 * T.Count)
            {
                var x = T.Of(*from);
                r = T.MultiplyAdd(x, T.Load(weight), r);
                z = T.MultiplyAdd(x, T.Load(weight + T.Count), z);
                n = T.MultiplyAdd(x, T.Load(weight + 2 * T.Count), n);
            }

            // The backward pass needs no other sum.
            T.Store(n, hiddenGates + 2 * units + at);
            GruCell.Apply(r, z, n, units, gates + at, before + at, h + at);
        }
    }
}
