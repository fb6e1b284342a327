using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Training.Fused.Matrices;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The sums over all paths of CTC in logarithms, in float64, in a fixed order. States are the labels with a blank before, between and
/// behind them; a path stays, advances by one state, or leaves out a blank between two unlike labels:
/// <code>
/// labels a b b      states  ‑ a ‑ b ‑ b ‑      from a to b past the blank, but not from b to b
/// </code>
/// α(t, s) is ln of the probability of all paths to a state with what they emit up to its time step, β(t, s) of all paths from it with
/// what they emit behind it.
/// </summary>
internal static class CtcLattice
{
    /// <summary>Numbers of memory that a sequence needs.</summary>
    /// <param name="steps">Its time steps.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="classes">Outputs of the head.</param>
    /// <exception cref="OverflowException">There are too many.</exception>
    public static int Doubles(int steps, int labels, int classes) =>
        checked(steps + (steps * ((2 * labels) + 1)) + (2 * ((2 * labels) + 1)) + classes);

    /// <summary>The loss of a sequence; puts its gradient in the outputs' place.</summary>
    /// <param name="outputs">The head's outputs.</param>
    /// <param name="rows">The rows of the sequence, in order of time.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="blank">The class that stands for no label.</param>
    /// <param name="memory">As many numbers as <see cref="Doubles"/> says.</param>
    public static double Run(Rows outputs, ReadOnlySpan<int> rows, ReadOnlySpan<int> labels, int blank, Span<double> memory)
    {
        int steps = rows.Length, states = (2 * labels.Length) + 1;
        var shifts = memory[..steps];
        var alpha = memory.Slice(steps, steps * states);
        var behind = memory.Slice(steps * (states + 1), states);
        var next = memory.Slice((steps * (states + 1)) + states, states);
        var shares = memory.Slice((steps * (states + 1)) + (2 * states), outputs.Columns);
        for (int t = 0; t < steps; t++)
            shifts[t] = LogSum(outputs.Span(rows[t]));
        double total = Forward(outputs, rows, labels, blank, shifts, alpha), scale = 1.0 / Math.Max(1, labels.Length);
        for (int t = steps - 1; t >= 0; t--)
        {
            var row = outputs.Span(rows[t]);
            Behind(labels, isLast: t == steps - 1, next, behind);
            shares.Clear();
            for (int s = 0; s < states; s++)
            {
                int emitted = Emitted(labels, s, blank);
                shares[emitted] += PortableExponential.Of(alpha[(t * states) + s] + behind[s] - total);
                next[s] = behind[s] + row[emitted] - shifts[t];
            }

            // Of the logarithm of a softmax: its probability less the share of the paths that emit the class.
            for (int k = 0; k < row.Length; k++)
                row[k] = (float)(scale * (PortableExponential.Of(row[k] - shifts[t]) - shares[k]));
        }

        return -total * scale;
    }

    /// <summary>Fills in α; returns ln of the probability of the labels.</summary>
    private static double Forward(
        Rows outputs, ReadOnlySpan<int> rows, ReadOnlySpan<int> labels, int blank, ReadOnlySpan<double> shifts, Span<double> alpha)
    {
        int steps = rows.Length, states = (2 * labels.Length) + 1;
        alpha.Fill(double.NegativeInfinity);
        for (int t = 0; t < steps; t++)
        {
            var row = outputs.Span(rows[t]);

            // Other states cannot be reached from the start by then, or do not reach the end in time.
            int first = Math.Max(0, states - (2 * (steps - t))), end = Math.Min(states, 2 * (t + 1));
            for (int s = first; s < end; s++)
            {
                double before = 0;
                if (t > 0)
                {
                    var from = alpha.Slice((t - 1) * states, states);
                    before = LogAdd(
                        from[s], s > 0 ? from[s - 1] : double.NegativeInfinity,
                        Skips(labels, s) ? from[s - 2] : double.NegativeInfinity);
                }

                alpha[(t * states) + s] = before + row[Emitted(labels, s, blank)] - shifts[t];
            }
        }

        var last = alpha[((steps - 1) * states)..];
        return LogAdd(last[states - 1], states > 1 ? last[states - 2] : double.NegativeInfinity, double.NegativeInfinity);
    }

    /// <summary>Computes β of a time step from that of the next one with what is emitted there.</summary>
    private static void Behind(ReadOnlySpan<int> labels, bool isLast, ReadOnlySpan<double> next, Span<double> behind)
    {
        int states = behind.Length;
        for (int s = 0; s < states; s++)
        {
            behind[s] = isLast ? (s >= states - 2 ? 0 : double.NegativeInfinity)
                : LogAdd(
                    next[s], s + 1 < states ? next[s + 1] : double.NegativeInfinity,
                    s + 2 < states && Skips(labels, s + 2) ? next[s + 2] : double.NegativeInfinity);
        }
    }

    /// <summary>What a state emits.</summary>
    private static int Emitted(ReadOnlySpan<int> labels, int state, int blank) => state % 2 == 0 ? blank : labels[state / 2];

    /// <summary>Whether a path comes to a state past the blank before it.</summary>
    private static bool Skips(ReadOnlySpan<int> labels, int state) =>
        state % 2 == 1 && state > 1 && labels[state / 2] != labels[(state / 2) - 1];

    /// <summary>ln of the sum of the exponentials of a row; NaN where one of its numbers is.</summary>
    private static double LogSum(ReadOnlySpan<float> row)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float value in row)
            largest = Math.Max(largest, value);
        foreach (float value in row)
            sum += PortableExponential.Of(value - largest);
        return largest + PortableLogarithm.Of(sum);
    }

    private static double LogAdd(double a, double b, double c)
    {
        double largest = Math.Max(a, Math.Max(b, c));
        return double.IsNegativeInfinity(largest) ? largest
            : largest + PortableLogarithm.Of(
                PortableExponential.Of(a - largest) + PortableExponential.Of(b - largest) + PortableExponential.Of(c - largest));
    }
}
