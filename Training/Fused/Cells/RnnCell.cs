using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>The plain recurrent cell (Elman, 1990), as <c>torch.nn.RNN</c> with tanh: h = tanh of the sum.</summary>
public sealed unsafe record RnnCell : RecurrentCell
{
    /// <inheritdoc/>
    public override string Word => "rnn";

    /// <inheritdoc/>
    public override string About => "plain recurrent cell with tanh, as `torch.nn.RNN`";

    /// <inheritdoc/>
    public override string? TorchModule => "RNN";

    /// <inheritdoc/>
    public override OnnxOperator? OnnxOperator => new("RNN", [0]);

    /// <inheritdoc/>
    public override int Gates => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        for (int lane = 0; lane < at.Lanes; lane++)
            Elementwise.Run(new ForwardWork(memory.Gates[at.Row + lane], memory.Hidden[memory.Lanes + at.Row + lane]), memory.Units);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Backward(CellMemory memory, TimeStep at)
    {
        for (int lane = 0; lane < at.Lanes; lane++)
            Elementwise.Run(new BackwardWork(memory.Gates[at.Row + lane], memory.OutputGradient[at.Row + lane]), memory.Units);
    }

    private readonly struct ForwardWork(float* gate, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var value = Activation.Tanh(T.Load(gate + at));
            T.Store(value, gate + at);
            T.Store(value, h + at);
        }
    }

    private readonly struct BackwardWork(float* gate, float* outputGradient) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var value = T.Load(gate + at);
            T.Store(T.Load(outputGradient + at) * T.MultiplyAdd(-value, value, T.Of(1)), gate + at);
        }
    }
}
