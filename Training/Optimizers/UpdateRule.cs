using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>An update rule with its hyperparameters, which makes the optimizer that follows it.</summary>
public abstract record UpdateRule : OptimizerSpec
{
    /// <summary>A fresh optimizer for so many parameters.</summary>
    public abstract IOptimizer Create(int parameters);
}
