using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Journals;

/// <summary>An aggregate of consecutive steps.</summary>
public sealed class StepBucket
{
    /// <summary>How many figures a step has.</summary>
    internal const int Metrics = (int)StepMetric.Seconds + 1;

    private readonly Spread[] _spreads = [Spread.None, Spread.None, Spread.None, Spread.None, Spread.None, Spread.None];

    /// <summary>The first of its steps; 0 where there are none.</summary>
    public long First { get; internal set; }

    /// <summary>The last of its steps.</summary>
    public long Step { get; internal set; }

    /// <summary>The number of its last event.</summary>
    public long Number { get; internal set; }

    /// <summary>When its last step was committed.</summary>
    public DateTimeOffset Time { get; internal set; }

    /// <summary>How many steps it holds.</summary>
    public long Count { get; internal set; }

    /// <summary>Steps whose gradient was clipped.</summary>
    public long Clipped { get; internal set; }

    /// <summary>The learning rate of its last step.</summary>
    public double LearningRate { get; internal set; }

    /// <summary>
    /// Weights of all steps of the run up to its last one; where those are numbers of elements, these are its place in sequence steps, in
    /// elements of a sequence step. Known for buckets that <see cref="JournalReader.Range"/> returns.
    /// </summary>
    public double Elements { get; internal set; }

    /// <summary>The spread of a figure over its steps.</summary>
    public Spread this[StepMetric metric]
    {
        get => _spreads[(int)metric];
        internal set => _spreads[(int)metric] = value;
    }

    /// <summary>Steps whose loss is not a finite number.</summary>
    public long NonFinite => Count - this[StepMetric.Loss].Finite;

    /// <summary>The mean loss; NaN where none was finite.</summary>
    public double Loss => this[StepMetric.Loss].Mean;

    /// <summary>The minimum loss.</summary>
    public double Low => this[StepMetric.Loss].Min;

    /// <summary>The maximum loss.</summary>
    public double High => this[StepMetric.Loss].Max;

    /// <summary>The mean gradient norm before clipping; NaN where unknown.</summary>
    public double GradientNorm => this[StepMetric.GradientNorm].Mean;

    /// <summary>The share of steps whose gradient was clipped; NaN where unknown.</summary>
    public double ClipShare => (double)Clipped / this[StepMetric.GradientNorm].Finite;

    /// <summary>Seconds that its steps took.</summary>
    public double Seconds => this[StepMetric.Seconds].Sum;

    /// <summary>Adds a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="clipNorm">The norm above which a gradient is clipped; null where none is.</param>
    public void Add(StepCommitted step, double? clipNorm)
    {
        Begin(step.Step);
        (Step, Number, Time, LearningRate) = (step.Step, step.Number, step.Time, step.LearningRate);
        Count++;
        for (int metric = 0; metric < Metrics; metric++)
            _spreads[metric] = _spreads[metric].With(step.Value((StepMetric)metric));
        if (double.IsFinite(step.GradientNorm) && step.GradientNorm > clipNorm)
            Clipped++;
    }

    /// <summary>Merges the next bucket.</summary>
    public void Add(StepBucket later)
    {
        if (later.Count == 0)
            return;
        Begin(later.First);
        (Step, Number, Time, LearningRate) = (later.Step, later.Number, later.Time, later.LearningRate);
        (Count, Clipped) = (Count + later.Count, Clipped + later.Clipped);
        for (int metric = 0; metric < Metrics; metric++)
            _spreads[metric] = _spreads[metric].With(later._spreads[metric]);
    }

    private void Begin(long first) => First = Count == 0 ? first : First;
}

/// <summary>Figures by name.</summary>
internal static class StepValues
{
    /// <summary>A figure of a step; NaN where the step has none.</summary>
    public static double Value(this StepCommitted step, StepMetric metric) => metric switch
    {
        StepMetric.Loss => step.Loss,
        StepMetric.GradientNorm => step.GradientNorm,
        StepMetric.DifferenceNorm => step.DifferenceNorm ?? double.NaN,
        StepMetric.LearningRate => step.LearningRate,
        StepMetric.Weight => step.Weight,
        _ => step.Seconds,
    };
}
