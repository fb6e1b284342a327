using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>What a plain recurrent cell applies to its sums.</summary>
public enum Nonlinearity
{
    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>The sum where it is positive, 0 elsewhere.</summary>
    Relu,
}

/// <summary>The plain recurrent cell (Elman, 1990), as <c>torch.nn.RNN</c>: h = tanh of the sum, or the sum where it is positive.</summary>
public sealed unsafe record RnnCell : RecurrentCell
{
    private static readonly IReadOnlyList<Word<Nonlinearity>> Nonlinearities =
        [new("tanh", Nonlinearity.Tanh, "its values lie between -1 and 1"), new("relu", Nonlinearity.Relu, "the sum, or 0 below 0")];

    /// <summary>What is applied to the sums. Default tanh.</summary>
    public Nonlinearity Nonlinearity { get; init; }

    /// <inheritdoc/>
    public override string Word => "rnn";

    /// <inheritdoc/>
    public override string About => "plain recurrent cell, as `torch.nn.RNN`";

    /// <inheritdoc/>
    public override string? TorchModule => Nonlinearity == Nonlinearity.Tanh ? "RNN" : "RNN_RELU";

    /// <inheritdoc/>
    public override OnnxOperator? OnnxOperator =>
        new("RNN", [0], Activation: Nonlinearity == Nonlinearity.Tanh ? null : "Relu");

    /// <inheritdoc/>
    public override int Gates => 1;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Nonlinearity = walk.Word(
            "nonlinearity", Nonlinearity, "what is applied to the sums", Nonlinearities, isWritten: Nonlinearity != Nonlinearity.Tanh),
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            float* gate = memory.Gates[at.Row + lane], h = memory.Hidden[memory.Lanes + at.Row + lane];
            if (Nonlinearity == Nonlinearity.Tanh)
                Elementwise.Run(new TanhWork(gate, h), memory.Units);
            else
                Elementwise.Run(new ReluWork(gate, h), memory.Units);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Backward(CellMemory memory, TimeStep at)
    {
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            float* gate = memory.Gates[at.Row + lane], outputGradient = memory.OutputGradient[at.Row + lane];
            if (Nonlinearity == Nonlinearity.Tanh)
                Elementwise.Run(new TanhGradient(gate, outputGradient), memory.Units);
            else
                Elementwise.Run(new ReluGradient(gate, outputGradient), memory.Units);
        }
    }

    internal override void ForwardUnit<T>(CellUnit unit)
    {
        if (Nonlinearity == Nonlinearity.Tanh)
            new TanhWork(unit.Gates, (float*)unit.After[0]).Do<T>(0);
        else
            new ReluWork(unit.Gates, (float*)unit.After[0]).Do<T>(0);
    }

    internal override void BackwardUnit<T>(CellUnit unit)
    {
        if (Nonlinearity == Nonlinearity.Tanh)
            new TanhGradient(unit.Gates, unit.OutputGradient).Do<T>(0);
        else
            new ReluGradient(unit.Gates, unit.OutputGradient).Do<T>(0);
    }

    private readonly struct TanhWork(float* gate, float* h) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var value = Activation.Tanh(T.Load(gate + at));
            T.Store(value, gate + at);
            T.Store(value, h + at);
        }
    }

    private readonly struct TanhGradient(float* gate, float* outputGradient) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var value = T.Load(gate + at);
            T.Store(T.Load(outputGradient + at) * T.MultiplyAdd(-value, value, T.Of(1)), gate + at);
        }
    }

    private readonly struct ReluWork(float* gate, float* h) : IElementwise
    {
        /// <summary>A NaN stays one: of it no comparison holds.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var sum = T.Load(gate + at);
            var value = T.WhereLess(sum, T.Of(0), T.Of(0), sum);
            T.Store(value, gate + at);
            T.Store(value, h + at);
        }
    }

    private readonly struct ReluGradient(float* gate, float* outputGradient) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> =>
            T.Store(T.WhereLess(T.Of(0), T.Load(gate + at), T.Load(outputGradient + at), T.Of(0)), gate + at);
    }
}
