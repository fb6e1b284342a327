namespace Orleans.Tbptt.Tests.Golden;

/// <summary>
/// Compares a float32 run with the float64 figures. The tolerances are several times what PyTorch's own float32 reaches on the same cases
/// (7e-7 and 1e-6), and far below what a wrong reset, a mean of means or a clip in the wrong place costs (1e-3 and more).
/// </summary>
internal static class GoldenAssert
{
    public const double Relative = 5e-6;
    public const double Absolute = 1e-5;

    public static void Losses(double[] expected, IReadOnlyList<double> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]) / Math.Abs(expected[i]);
            Assert.True(error <= Relative, $"{what} {i}: {actual[i]}, expected {expected[i]}, relative error {error:e2}");
        }
    }

    public static void Values(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            Assert.True(error <= Absolute, $"{what}[{i}]: {actual[i]}, expected {expected[i]}, error {error:e2}");
        }
    }
}
