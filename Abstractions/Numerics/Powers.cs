namespace Orleans.Tbptt.Numerics;

/// <summary>
/// Powers by multiplication alone: the mathematical library's <c>pow</c> may differ in the last bit from machine to machine.
/// </summary>
public static class Powers
{
    /// <summary>x to the power n, n ≥ 0, by repeated squaring.</summary>
    public static double Of(double x, long n)
    {
        double power = 1;
        for (double square = x; n > 0; n >>= 1, square *= square)
        {
            if ((n & 1) == 1)
                power *= square;
        }

        return power;
    }
}
