namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>Every loss that a spec can name.</summary>
public static class LossFunctions
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<Loss> All { get; } =
    [
        new SquaredError(), new AbsoluteError(), new Huber(), new Quantile(), new Gaussian(), new StudentT(), new NegativeBinomial(),
        new BinaryCrossEntropy(), new ErrorToSignal(), new CrossEntropy(), new Ctc(),
    ];
}
