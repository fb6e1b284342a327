using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// A time step of a cell whose last gate's sums are over r · h (<see cref="ResetProduct"/>): between its two products all blocks
/// wait for r · h, backward for the gradient of the last gate.
/// </summary>
internal static class ResetKernels
{
    // Of the gates r and z; the last one's is 2.
    private const int First = 2;

    /// <summary>Builds a forward time step.</summary>
    /// <param name="k">Takes it.</param>
    /// <param name="at">The thread.</param>
    /// <param name="units">Units of the layer.</param>
    /// <param name="left">Room for the left factors.</param>
    /// <param name="part">Which part the launch computes.</param>
    /// <param name="weight">The weight of the thread's unit by gate and unit before.</param>
    /// <param name="wait">Waits for all blocks.</param>
    public static void Forward(
        KernelBuilder k, SweepThread at, int units, Shared left, Int part, Func<int, Int, F32> weight, Action wait)
    {
        k.If(part < SweepKernels.SecondPart, () =>
        {
            var sums = new F32[First, SweepShape.Lanes];
            at.EachLane((lane, _) => (sums[0, lane], sums[1, lane]) = (k.Variable(0f), k.Variable(0f)));
            at.EachTerm(left, units, (row, term) => at.States[0][((at.Before + row) * units) + term], (place, term) =>
            {
                for (int gate = 0; gate < First; gate++)
                {
                    var own = weight(gate, term);
                    for (int lane = 0; lane < SweepShape.Lanes; lane++)
                        k.Assign(sums[gate, lane], F32.MultiplyAdd(place[lane * SweepShape.Row], own, sums[gate, lane]));
                }
            });
            at.EachActive((lane, row) => at.TraceReset(row, sums[0, lane], sums[1, lane]));
        });
        wait();
        k.If(part.Is(SweepKernels.WholeStep) | part.Is(SweepKernels.SecondPart), () =>
        {
            var sums = at.Sum(left, units, (row, term) => at.Kept[((at.Row + row) * units) + term], term => weight(First, term));
            at.EachActive((lane, row) => at.TraceCandidate(row, sums[lane]));
        });
        wait();
    }

    /// <summary>Builds what of a backward time step lies between the cell's part and the product with the weights of r and z.</summary>
    /// <inheritdoc cref="Forward"/>
    public static void Backward(KernelBuilder k, SweepThread at, int units, Shared left, Int part, Func<Int, F32> weight, Action wait)
    {
        int gates = First + 1;
        k.If(part.Is(SweepKernels.WholeStep) | part.Is(SweepKernels.SecondPart), () =>
        {
            var sums = at.Sum(
                left, units, (row, term) => at.Gates[((at.Row + row) * (gates * units)) + (First * units) + term],
                term => weight(term + (First * units)));
            at.EachActive((lane, row) => at.TraceResetBackward(row, sums[lane]));
        });
        wait();
    }
}
