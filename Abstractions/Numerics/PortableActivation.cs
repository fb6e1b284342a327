namespace Orleans.Tbptt.Numerics;

/// <summary>
/// What makes positive numbers and probabilities of any, in float64, with the same bits on every processor: of
/// <see cref="PortableExponential"/> and <see cref="PortableLogarithm"/>, within 4 units in the last place.
/// </summary>
public static class PortableActivation
{
    /// <summary>ln(1 + e^x) = max(x, 0) + ln(1 + e^−|x|), which neither overflows nor loses small results; NaN for NaN.</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + PortableLogarithm.OfOnePlus(PortableExponential.Of(-Math.Abs(x)));

    /// <summary>1 / (1 + e^−x), the derivative of <see cref="Softplus"/>, from e^−|x| ≤ 1; NaN for NaN.</summary>
    public static double Sigmoid(double x)
    {
        double power = PortableExponential.Of(-Math.Abs(x));
        return (x < 0 ? power : 1) / (1 + power);
    }
}
