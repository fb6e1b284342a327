namespace Orleans.Tbptt.Benchmarks;

/// <summary>Computes medians.</summary>
internal static class Medians
{
    /// <summary>The median; the lower middle one of an even number.</summary>
    public static double Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(sorted.Length - 1) / 2];
    }
}
