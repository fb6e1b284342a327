using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Makes the optimizer a spec names.</summary>
public static class Optimizer
{
    /// <summary>The names of the running averages that an optimizer keeps, in the order of <see cref="IOptimizer.Averages"/>.</summary>
    public static IReadOnlyList<string> AverageNames(OptimizerSpec spec) =>
        [.. Create(spec, parameters: 0).Averages.Select(average => average.Name)];

    /// <summary>The optimizer that updates the run's parameters: after each step, or after each round the outer one.</summary>
    public static IOptimizer OfTheRun(TrainSpec spec, int parameters) => spec.Sync.Outer is { } outer
        ? new MomentumDescent(outer.Momentum, nesterov: true, parameters)
        : Create(spec.Optimizer, parameters);

    /// <summary>A fresh optimizer for so many parameters.</summary>
    public static IOptimizer Create(OptimizerSpec spec, int parameters) => ((UpdateRule)spec).Create(parameters);
}
