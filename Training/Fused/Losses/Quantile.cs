using System.Globalization;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The pinball loss (Koenker and Bassett, 1978), the mean over quantiles τ of max(τ (y − q), (τ − 1) (y − q)) for a target y.
/// Quantiles do not cross by construction: the lowest is the first output, and each further one is that before it and the softplus of its
/// own output.
/// </summary>
public sealed record Quantile : TargetLoss
{
    private const int Most = 99;

    /// <summary>The quantiles, rising. Default 0.1, 0.5 and 0.9.</summary>
    public NumberList Quantiles { get; init; } = new([0.1, 0.5, 0.9]);

    /// <inheritdoc/>
    public override string Word => "quantile";

    /// <inheritdoc/>
    public override string About => "pinball loss, a mean over `quantiles`, which do not cross: each is the one before it and a softplus";

    /// <inheritdoc/>
    public override int OutputsPerTarget => Quantiles.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictedValue> Predictions =>
    [
        .. Quantiles.Values.Select((quantile, i) => new PredictedValue(
            string.Create(CultureInfo.InvariantCulture, $"_q{quantile}"), PredictedUnits.Value,
            i == 0 ? OutputLink.Identity : OutputLink.Softplus, AddsToPrevious: i > 0)),
    ];

    /// <summary>The quantile next to the median, the lower one of two.</summary>
    public override int Point => Enumerable.Range(0, Quantiles.Count).MinBy(i => Math.Abs(Quantiles[i] - 0.5));

    /// <summary>From the lowest quantile to the highest; null where there is one alone.</summary>
    public override double? Coverage => Quantiles.Count < 2 ? null : Math.Round(Quantiles[^1] - Quantiles[0], 12);

    /// <inheritdoc/>
    public override IReadOnlyList<double> Levels => Quantiles.Values;

    /// <inheritdoc/>
    public override bool IsDistribution => true;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Quantiles = walk.Numbers("quantiles", Quantiles, "the quantiles that are predicted, rising", NumberRange.Inner),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        const string Key = "train.loss.quantiles";
        for (int i = 1; i < Quantiles.Count; i++)
        {
            if (Quantiles[i] <= Quantiles[i - 1])
            {
                findings.Report(
                    Key, string.Create(CultureInfo.InvariantCulture, $"{Quantiles[i]} behind {Quantiles[i - 1]}"), "numbers that rise",
                    "sort them, and write each once");
                return;
            }
        }

        if (Quantiles.Count > Most)
            findings.Report(Key, $"{Quantiles.Count} numbers", $"{Most} at most", "write fewer");
    }

    /// <inheritdoc/>
    public override (double Low, double High) Interval(ReadOnlySpan<double> predictions) => (predictions[0], predictions[^1]);

    /// <summary>
    /// Twice the integral of the pinball loss over levels τ from 0 to 1 (Laio and Tamea, 2007), as far as quantiles say: each stands for
    /// the levels that lie nearer to it than to another, 2 Σ wᵢ ρ(τᵢ), where wᵢ are how many these are: from the middle between
    /// τᵢ₋₁ and τᵢ (of the first: from 0) to that between τᵢ and τᵢ₊₁ (of the last: to 1).
    /// </summary>
    /// <inheritdoc/>
    public override double RankedProbabilityScore(ReadOnlySpan<double> predictions, double target)
    {
        double sum = 0, low = 0;
        for (int i = 0; i < predictions.Length; i++)
        {
            double high = i + 1 < predictions.Length ? (Quantiles[i] + Quantiles[i + 1]) / 2 : 1;
            sum += (high - low) * PortableScores.Pinball(Quantiles[i], predictions[i], target);
            low = high;
        }

        return 2 * sum;
    }

    /// <summary>Between two quantiles along a line; below the lowest and above the highest one, which say no more, that quantile.</summary>
    /// <inheritdoc/>
    public override double ValueAt(ReadOnlySpan<float> predictions, double level)
    {
        if (level <= Quantiles[0])
            return predictions[0];
        for (int i = 1; i < predictions.Length; i++)
        {
            if (level <= Quantiles[i])
            {
                double share = (level - Quantiles[i - 1]) / (Quantiles[i] - Quantiles[i - 1]);
                return predictions[i - 1] + (share * ((double)predictions[i] - predictions[i - 1]));
            }
        }

        return predictions[^1];
    }

    private protected override double Target(Span<float> outputs, float target)
    {
        // Up: the quantiles, the loss, and in each output's place the derivative by its quantile.
        int count = outputs.Length;
        Span<double> slopes = stackalloc double[count];
        double quantile = 0, loss = 0;
        for (int i = 0; i < count; i++)
        {
            double output = outputs[i];
            slopes[i] = i == 0 ? 1 : PortableActivation.Sigmoid(output);
            quantile += i == 0 ? output : PortableActivation.Softplus(output);
            double above = target - quantile, level = Quantiles[i];
            loss += above > 0 ? level * above : (level - 1) * above;
            outputs[i] = (float)((above > 0 ? -level : above < 0 ? 1 - level : 0) / count);
        }

        // Down: an output moves its quantile and all above it.
        double sum = 0;
        for (int i = count - 1; i >= 0; i--)
        {
            sum += outputs[i];
            outputs[i] = (float)(slopes[i] * sum);
        }

        return loss / count;
    }
}
