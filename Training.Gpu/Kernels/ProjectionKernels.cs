using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// A time step of a cell whose h is a product of what it gives (<see cref="Fused.Projection"/>): all blocks wait for that before the
/// product, and backward for the whole gradient of h.
/// </summary>
internal static class ProjectionKernels
{
    /// <summary>Builds a forward time step; what follows has to wait for it.</summary>
    /// <param name="k">Takes it.</param>
    /// <param name="at">The thread.</param>
    /// <param name="shape">How threads are divided.</param>
    /// <param name="left">Room for the left factors.</param>
    /// <param name="part">Which part the launch computes.</param>
    /// <param name="cell">Builds the cell's part.</param>
    /// <param name="wait">Waits for all blocks.</param>
    public static void Forward(KernelBuilder k, SweepThread at, SweepShape shape, Shared left, Int part, Action cell, Action wait)
    {
        k.If(part < SweepKernels.SecondPart, cell);
        wait();
        k.If(part.Is(SweepKernels.WholeStep) | part.Is(SweepKernels.SecondPart), () =>
        {
            var sums = at.Sum(
                left, shape.Units, (row, term) => at.CellOutputs[((at.Row + row) * shape.Units) + term],
                term => at.Projection[(at.HiddenOrLast * shape.Units) + term]);
            at.EachHidden((lane, row) => at.TraceHidden(row, sums[lane]));
        });
    }

    /// <summary>Builds a backward time step up to the gradient of the gates' sums.</summary>
    /// <inheritdoc cref="Forward"/>
    public static void Backward(KernelBuilder k, SweepThread at, SweepShape shape, Shared left, Int part, Action wait)
    {
        k.If(part < SweepKernels.SecondPart, () => at.EachHidden((_, row) => at.TraceHiddenBackward(row)));
        wait();
        k.If(part.Is(SweepKernels.WholeStep) | part.Is(SweepKernels.SecondPart), () =>
        {
            var sums = at.Sum(
                left, shape.Hidden, (row, term) => at.OutputGradient[((at.Row + row) * shape.Hidden) + term],
                term => at.Projection[(term * shape.Units) + at.UnitOrLast]);
            at.EachActive((lane, row) => at.TraceBackward(row, sums[lane]));
        });
    }
}
