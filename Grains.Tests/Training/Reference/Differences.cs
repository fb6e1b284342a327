namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>Derivatives by finite differences.</summary>
internal static class Differences
{
    /// <summary>
    /// The gradient of a function by central differences of 1e-5 in double precision: off by 1e-10 of the third derivative, and by the
    /// rounding of the function over 2e-5, together some 1e-9.
    /// </summary>
    public static double[] Gradient(Func<double[], double> function, float[] at)
    {
        const double Step = 1e-5;
        double[] x = Doubles(at), gradient = new double[at.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = at[i] + Step;
            double above = function(x);
            x[i] = at[i] - Step;
            gradient[i] = (above - function(x)) / (2 * Step);
            x[i] = at[i];
        }

        return gradient;
    }

    public static double[] Doubles(ReadOnlySpan<float> values)
    {
        var doubles = new double[values.Length];
        for (int i = 0; i < doubles.Length; i++)
            doubles[i] = values[i];
        return doubles;
    }

    /// <summary>The largest difference of two vectors.</summary>
    public static double Largest(IEnumerable<double> expected, IEnumerable<float> actual) =>
        expected.Zip(actual, (a, b) => double.IsNaN(b) ? double.PositiveInfinity : Math.Abs(a - b)).Max();
}
