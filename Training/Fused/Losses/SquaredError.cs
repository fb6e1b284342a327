using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The sum of (output − target)², and its gradient 2 (output − target).</summary>
public sealed unsafe record SquaredError : ElementwiseLoss
{
    /// <inheritdoc/>
    public override string Word => "mse";

    /// <inheritdoc/>
    public override string About => "squared error, over time steps and outputs";

    /// <inheritdoc/>
    public override string? TorchFunction => "mse_loss";

    private protected override void Row(float* outputs, float* targets, float* terms, int columns) =>
        Elementwise.Run(new Work(outputs, targets, terms), columns);

    internal override bool AddsSquares => true;

    internal override void Element<T>(float* output, float* target, float* term) => new Work(output, target, term).Do<T>(0);

    private readonly struct Work(float* outputs, float* targets, float* differences) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var difference = T.Load(outputs + at) - T.Load(targets + at);
            T.Store(difference, differences + at);
            T.Store(difference + difference, outputs + at);
        }
    }
}
