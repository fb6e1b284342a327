namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>Every strategy that a sweep can name.</summary>
public static class SweepStrategies
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<SweepStrategy> All { get; } = [new GridStrategy(), new RandomStrategy(), new TpeStrategy()];
}
