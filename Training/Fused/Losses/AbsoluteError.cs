using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The sum of |output − target|, and its gradient, the sign of the difference; 0 where there is none.</summary>
public sealed unsafe record AbsoluteError : ElementwiseLoss
{
    /// <inheritdoc/>
    public override string Word => "mae";

    /// <inheritdoc/>
    public override string About => "absolute error, over time steps and outputs: the outputs become medians";

    /// <inheritdoc/>
    public override string? TorchFunction => "l1_loss";

    private protected override void Row(float* outputs, float* targets, float* terms, int columns) =>
        Elementwise.Run(new Work(outputs, targets, terms), columns);

    internal override void Element<T>(float* output, float* target, float* term) => new Work(output, target, term).Do<T>(0);

    private readonly struct Work(float* outputs, float* targets, float* terms) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var difference = T.Load(outputs + at) - T.Load(targets + at);
            var size = T.Abs(difference);
            T.Store(size, terms + at);
            T.Store(T.WhereLess(T.Of(0), size, T.WithSignOf(T.Of(1), difference), T.Of(0)), outputs + at);
        }
    }
}
