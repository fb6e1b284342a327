namespace Orleans.Tbptt.Data.Preparation;

/// <summary>The length of the vector of a class where the spec does not say.</summary>
internal static class EmbeddingSize
{
    private const int Most = 600;

    /// <summary>1.6 × classes^0.56, rounded, at most 600: the rule of fastai's tabular models.</summary>
    /// <param name="classes">How many classes there are, <c>&lt;unknown&gt;</c> included.</param>
    public static int Of(int classes) => Math.Clamp((int)Math.Round(1.6 * Math.Pow(classes, 0.56)), 1, Most);
}
