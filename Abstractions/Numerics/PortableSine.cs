namespace Orleans.Tbptt.Numerics;

/// <summary>
/// A sine whose bits are the same everywhere. <see cref="Math.Sin"/> is the C library's, and libraries differ in the last bit; this one
/// is additions and multiplications of doubles, which IEEE 754 defines and .NET never fuses on its own.
/// </summary>
public static class PortableSine
{
    // (-1)^n / (2n + 1)!, highest power first.
    private static readonly double[] Taylor =
    [
        1.0 / 355687428096000, -1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0,
    ];

    /// <summary>sin(2π · <paramref name="turns"/>) to 1e-13, for turns up to 2³².</summary>
    /// <remarks>Turns are reduced to a quarter on either side of 0, where the series' first neglected term is below 5e-14.</remarks>
    public static double OfTurns(double turns)
    {
        double x = turns - Math.Floor(turns);
        if (x > 0.75)
            x -= 1;
        else if (x > 0.25)
            x = 0.5 - x;
        double angle = x * (2 * Math.PI);
        double square = angle * angle;
        double sum = 0;
        foreach (double coefficient in Taylor)
            sum = (sum * square) + coefficient;
        return sum * angle;
    }

    /// <summary>(1 + cos(π · <paramref name="share"/>)) / 2 for a share in [0, 1]: exactly 1 at 0 and exactly 0 at 1.</summary>
    /// <remarks>Computed as sin²(π/2 · (1 − share)), which is as near where it comes near 0.</remarks>
    public static double HalfCosine(double share)
    {
        double sine = OfTurns((1 - share) / 4);
        return share <= 0 ? 1 : sine * sine;
    }
}
