using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// Draws the numbers of a weight by its scheme: sums in a fixed order, in double precision, and square roots, which are exactly rounded.
/// </summary>
internal static class WeightDraw
{
    private const double SmallBound = 0.1;

    /// <summary>Draws a matrix, <c>[rows, columns]</c>.</summary>
    /// <param name="scheme">The scheme; not <see cref="InitScheme.Torch"/>, which depends on the model.</param>
    /// <param name="key">The generator.</param>
    /// <param name="first">The first of its numbers.</param>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="values">Receives the matrix.</param>
    public static void Fill(InitScheme scheme, ulong key, int first, int columns, Span<float> values)
    {
        int rows = values.Length / columns;
        if (scheme == InitScheme.Orthogonal)
            Orthogonal(key, first, rows, columns, values);
        else
            Uniform(scheme == InitScheme.Xavier ? Math.Sqrt(6.0 / (rows + columns)) : SmallBound, key, first, values);
    }

    /// <summary>Draws uniform numbers in ± a bound.</summary>
    public static void Uniform(double bound, ulong key, int first, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(bound * (2 * CounterRandom.Uniform(key, (ulong)(first + i)) - 1));
    }

    /// <summary>Draws normal numbers.</summary>
    public static void Normal(ulong key, int first, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)CounterRandom.Normal(key, (ulong)(first + i));
    }

    /// <summary>
    /// Normal vectors, each less its projections on those before it (Gram and Schmidt), which is done twice, because once leaves what the
    /// differences have lost.
    /// </summary>
    private static void Orthogonal(ulong key, int first, int rows, int columns, Span<float> values)
    {
        (int count, int length) = (Math.Min(rows, columns), Math.Max(rows, columns));
        var vectors = new double[count][];
        for (int v = 0; v < count; v++)
        {
            int start = first + (v * length);
            double[] one = vectors[v] = [.. Enumerable.Range(start, length).Select(i => CounterRandom.Normal(key, (ulong)i))];
            for (int pass = 0; pass < 2; pass++)
            {
                for (int before = 0; before < v; before++)
                    Add(-Dot(one, vectors[before]), vectors[before], one);
                double norm = Math.Sqrt(Dot(one, one));
                for (int i = 0; i < length; i++)
                    one[i] /= norm;
            }
        }

        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                values[(row * columns) + column] = (float)(rows <= columns ? vectors[row][column] : vectors[column][row]);
        }
    }

    /// <summary>Four partial sums, because one would wait for each addition.</summary>
    private static double Dot(double[] left, double[] right)
    {
        double a = 0, b = 0, c = 0, d = 0;
        int i = 0;
        for (; i + 4 <= left.Length; i += 4)
        {
            a += left[i] * right[i];
            b += left[i + 1] * right[i + 1];
            c += left[i + 2] * right[i + 2];
            d += left[i + 3] * right[i + 3];
        }

        for (; i < left.Length; i++)
            a += left[i] * right[i];
        return a + b + (c + d);
    }

    private static void Add(double factor, double[] from, double[] to)
    {
        for (int i = 0; i < to.Length; i++)
            to[i] += factor * from[i];
    }
}
