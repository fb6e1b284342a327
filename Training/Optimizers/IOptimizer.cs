using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Turns averaged gradients into updates of the flat parameters, with the equations of its namesake in <c>torch.optim</c>.</summary>
/// <remarks>
/// One fused pass over the flat buffers; element by element, without fused multiply-add, so that neither vector width nor processor
/// changes a bit.
/// </remarks>
public interface IOptimizer
{
    /// <summary>Updates made so far; part of the optimizer's state.</summary>
    long Count { get; }

    /// <summary>The running averages, by name, each as long as the parameters; with <see cref="Count"/> the whole state.</summary>
    IReadOnlyDictionary<string, Memory<float>> State { get; }

    /// <summary>Updates the parameters in place.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="gradient">The averaged, clipped gradient, as long.</param>
    /// <param name="learningRate">The learning rate of this step.</param>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradient, double learningRate);
}

/// <summary>Makes the optimizer a spec names.</summary>
public static class Optimizer
{
    /// <summary>A fresh optimizer for so many parameters.</summary>
    public static IOptimizer Create(OptimizerSpec spec, int parameters) => spec.Name switch
    {
        OptimizerKind.Sgd => new Sgd(spec, parameters),
        OptimizerKind.Adam => new Adam(spec, parameters, weightDecay: 0),
        OptimizerKind.AdamW => new Adam(spec, parameters, spec.WeightDecay),
        OptimizerKind.RmsProp => new RmsProp(spec, parameters),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Name, "no such optimizer"),
    };
}
