using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// Huber's loss, <c>torch.nn.functional.huber_loss</c>: of a difference d = output − target, d²/2 up to <see cref="Delta"/> and
/// δ (|d| − δ/2) above. Its gradient is d, limited to ± δ.
/// </summary>
public sealed unsafe record Huber : ElementwiseLoss
{
    /// <summary>The difference above which the loss is linear, in standardised units. Default 1.</summary>
    public double Delta { get; init; } = 1;

    /// <inheritdoc/>
    public override string Word => "huber";

    /// <inheritdoc/>
    public override string About => "half the squared error up to a difference `delta`, linear above: outliers count less";

    /// <inheritdoc/>
    public override string? TorchFunction => "huber_loss";

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Delta = walk.Number("delta", Delta, "the difference above which the loss is linear", NumberRange.Positive),
    };

    private protected override void Row(float* outputs, float* targets, float* terms, int columns) =>
        Elementwise.Run(new Work(outputs, targets, terms, (float)Delta), columns);

    internal override void Element<T>(float* output, float* target, float* term) =>
        new Work(output, target, term, (float)Delta).Do<T>(0);

    private readonly struct Work(float* outputs, float* targets, float* terms, float delta) : IElementwise
    {
        /// <summary>With the limited difference c both pieces are one product: c (d − c/2).</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var difference = T.Load(outputs + at) - T.Load(targets + at);
            var limit = T.Of(delta);
            var limited = T.WhereLess(limit, T.Abs(difference), T.WithSignOf(limit, difference), difference);
            T.Store(limited * (difference - limited * T.Of(0.5f)), terms + at);
            T.Store(limited, outputs + at);
        }
    }
}
