using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>
/// The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, 2011): of random candidates from the density l of good values
/// the one with the largest l/g, where g is the density of the others; for each parameter by itself.
/// </summary>
/// <remarks>
/// Defaults as in Optuna's <c>TPESampler</c>: 10 random trials first, 24 candidates, a tenth of the trials and at most 25 are good. All in
/// float64 without a library's functions, so that the same values come out on every machine.
/// </remarks>
public sealed record TpeStrategy : SweepStrategy
{
    private const int MostGood = 25;
    private const double PriorWeight = 1;

    /// <summary>How many trials. Default 50.</summary>
    public int Trials { get; init; } = 50;

    /// <summary>So many results there must be before values are no longer random alone. Default 10.</summary>
    public int Startup { get; init; } = 10;

    /// <summary>Candidates for a value. Default 24.</summary>
    public int Candidates { get; init; } = 24;

    /// <inheritdoc/>
    public override string Word => "tpe";

    /// <inheritdoc/>
    public override string About => "values that were good before, by the tree-structured Parzen estimator";

    /// <inheritdoc/>
    public override bool DependsOnResults => true;

    /// <inheritdoc/>
    public override int Count(IReadOnlyList<SweepParameter> parameters) => Trials;

    /// <inheritdoc/>
    public override IReadOnlyList<double> Values(SweepSearch search, int trial, IReadOnlyList<SweepObservation> seen)
    {
        if (seen.Count < Startup)
            return RandomStrategy.Draw(search, trial);
        int good = Good(seen.Count);
        SweepObservation[] best = [.. seen.Take(good).OrderBy(one => one.Trial)];
        SweepObservation[] others = [.. seen.Skip(good).OrderBy(one => one.Trial)];
        ulong key = RandomStrategy.KeyOf(search.Seed, trial);
        return [.. search.Parameters.Select((parameter, i) => Value(
            parameter, [.. best.Select(one => one.Values[i])], [.. others.Select(one => one.Values[i])],
            CounterRandom.Derive(key, (ulong)i)))];
    }

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Trials = RandomStrategy.TrialCount(walk, Trials),
        Startup = walk.Count("startup", Startup, "results before values are no longer random alone"),
        Candidates = walk.Count("candidates", Candidates, "random candidates for a value, of which the best is taken", max: 1000),
    };

    /// <summary>How many of some results are good.</summary>
    internal static int Good(int count) => Math.Min((count + 9) / 10, MostGood);

    /// <summary>
    /// The probabilities of the values of a choice: in proportion to their weighted numbers, and a prior weight shared equally.
    /// </summary>
    internal static double[] Probabilities(int choices, IReadOnlyList<double> values)
    {
        double[] weights = ParzenEstimator.Weights(values.Count);
        double[] counts = new double[choices];
        Array.Fill(counts, PriorWeight / choices);
        for (int i = 0; i < values.Count; i++)
            counts[(int)values[i]] += weights[i];
        double sum = counts.Sum();
        return [.. counts.Select(count => count / sum)];
    }

    private double Value(SweepParameter parameter, IReadOnlyList<double> good, IReadOnlyList<double> others, ulong key)
    {
        Func<ulong, double> sample;
        Func<double, double> merit;
        if (parameter.IsChoice)
        {
            double[] l = Probabilities(parameter.Choices.Count, good), g = Probabilities(parameter.Choices.Count, others);
            sample = candidate => Drawn(l, CounterRandom.Uniform(key, candidate));
            merit = value => l[(int)value] / g[(int)value];
        }
        else
        {
            ParzenEstimator l = new(parameter, good), g = new(parameter, others);
            sample = candidate => l.Sample(CounterRandom.Uniform(key, 2 * candidate), CounterRandom.Uniform(key, (2 * candidate) + 1));
            merit = value => l.Density(value) / g.Density(value);
        }

        double best = sample(0), most = merit(best);
        for (int candidate = 1; candidate < Candidates; candidate++)
        {
            double value = sample((ulong)candidate), at = merit(value);
            if (at > most)
                (best, most) = (value, at);
        }

        return best;
    }

    private static double Drawn(double[] probabilities, double share)
    {
        int drawn = 0;
        for (double sum = probabilities[0]; drawn < probabilities.Length - 1 && share >= sum; sum += probabilities[drawn])
            drawn++;
        return drawn;
    }
}
