using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>
/// The density of some observed values of one parameter: a mixture of truncated normal distributions, one at each value and one over the
/// whole range (Bergstra, Bardenet, Bengio and Kégl, 2011, section 4.2). Of a whole number, the probability.
/// </summary>
/// <remarks>
/// Widths as in Optuna's univariate <c>TPESampler</c>: the larger distance to the neighbours, the middle of the range among them; of the
/// outermost values the distance to their one neighbour; at least the range divided by the number of values plus 2 and at most 100, at most
/// the range. Values older than the newest 25 weigh less, in a straight line from 1/n.
/// </remarks>
internal sealed class ParzenEstimator
{
    /// <summary>So many of the newest values have full weight.</summary>
    private const int FullWeights = 25;

    private const double NarrowestPart = 100;

    private readonly SweepParameter _parameter;
    private readonly double _low, _high;
    private readonly (double Mean, double Width, double Weight, double Mass)[] _kernels;

    /// <summary>Makes the density of some values.</summary>
    /// <param name="parameter">The parameter, no choice.</param>
    /// <param name="values">Its values, oldest first.</param>
    public ParzenEstimator(SweepParameter parameter, IReadOnlyList<double> values)
    {
        _parameter = parameter;
        double half = parameter.IsWhole ? 0.5 : 0;
        (_low, _high) = (Scaled(parameter.Low - half), Scaled(parameter.High + half));
        double[] means = [.. values.Select(Scaled), (_low + _high) / 2];
        double[] weights = [.. Weights(values.Count), 1];
        double sum = weights.Sum();
        double[] widths = Widths(means);
        _kernels = [.. means.Select((mean, i) => (mean, widths[i], weights[i] / sum, Mass(mean, widths[i], _low, _high)))];
    }

    /// <summary>The weights of values, oldest first.</summary>
    /// <param name="count">How many there are.</param>
    internal static double[] Weights(int count)
    {
        int older = Math.Max(0, count - FullWeights);
        return [.. Enumerable.Range(0, count).Select(i => i >= older ? 1.0
            : older == 1 ? 1.0 / count : (1.0 / count) + ((1 - (1.0 / count)) * i / (older - 1)))];
    }

    /// <summary>The widths of the kernels at some means, the last of which is that of the whole range.</summary>
    internal double[] Widths(IReadOnlyList<double> means)
    {
        int last = means.Count - 1;
        double range = _high - _low, least = range / Math.Min(NarrowestPart, means.Count + 1);
        int[] order = [.. Enumerable.Range(0, means.Count).OrderBy(i => means[i]).ThenBy(i => i)];
        double[] widths = new double[means.Count];
        for (int place = 0; place <= last; place++)
        {
            double mean = means[order[place]];
            double left = mean - (place == 0 ? _low : means[order[place - 1]]);
            double right = (place == last ? _high : means[order[place + 1]]) - mean;
            double width = last == 0 ? Math.Max(left, right) : place == 0 ? right : place == last ? left : Math.Max(left, right);
            widths[order[place]] = Math.Clamp(width, least, range);
        }

        widths[last] = range;
        return widths;
    }

    /// <summary>A random value.</summary>
    /// <param name="kernel">Chooses the kernel, in [0, 1).</param>
    /// <param name="share">The share of its mass below the value, in [0, 1).</param>
    public double Sample(double kernel, double share)
    {
        int chosen = 0;
        for (double sum = _kernels[0].Weight; chosen < _kernels.Length - 1 && kernel >= sum; sum += _kernels[chosen].Weight)
            chosen++;
        var (mean, width, _, mass) = _kernels[chosen];
        double level = PortableDistributions.Normal((_low - mean) / width) + (share * mass);
        double scaled = level <= 0 ? _low : level >= 1 ? _high : mean + (width * PortableDistributions.NormalQuantile(level));
        scaled = Math.Clamp(scaled, _low, _high);
        return _parameter.Rounded(_parameter.IsLogarithmic ? PortableExponential.Of(scaled) : scaled);
    }

    /// <summary>The density of a value on the scale that is searched; of a whole number, its probability.</summary>
    public double Density(double value)
    {
        double sum = 0;
        foreach (var (mean, width, weight, mass) in _kernels)
        {
            sum += weight / mass * (_parameter.IsWhole
                ? Mass(mean, width, Scaled(value - 0.5), Scaled(value + 0.5))
                : PortableDistributions.NormalDensity((Scaled(value) - mean) / width) / width);
        }

        return sum;
    }

    private double Scaled(double value) => _parameter.IsLogarithmic ? PortableLogarithm.Of(value) : value;

    private static double Mass(double mean, double width, double low, double high) =>
        PortableDistributions.Normal((high - mean) / width) - PortableDistributions.Normal((low - mean) / width);
}
