namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>An aggregate of consecutive steps, the same number in every bucket of a series.</summary>
internal sealed class StepBucket
{
    /// <summary>The last of its steps.</summary>
    public long Step { get; private set; }

    /// <summary>The number of its last event.</summary>
    public long Number { get; private set; }

    /// <summary>When its last step was committed.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>How many steps it holds.</summary>
    public int Count { get; private set; }

    /// <summary>Steps whose loss is not a finite number.</summary>
    public int NonFinite { get; private set; }

    /// <summary>The minimum loss.</summary>
    public double Low { get; private set; } = double.PositiveInfinity;

    /// <summary>The maximum loss.</summary>
    public double High { get; private set; } = double.NegativeInfinity;

    /// <summary>The learning rate of its last step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>Seconds that its steps took.</summary>
    public double Seconds { get; private set; }

    private double _lossSum;
    private double _normSum;
    private int _norms;
    private int _clipped;

    /// <summary>The mean loss; NaN where none was finite.</summary>
    public double Loss => _lossSum / (Count - NonFinite);

    /// <summary>The mean gradient norm before clipping; NaN where unknown.</summary>
    public double GradientNorm => _normSum / _norms;

    /// <summary>The share of steps whose gradient was clipped; NaN where unknown.</summary>
    public double ClipShare => (double)_clipped / _norms;

    /// <summary>Adds a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="clipNorm">The norm above which a gradient is clipped; null where none is.</param>
    public void Add(Runs.StepCommitted step, double? clipNorm)
    {
        (Step, Number, Time, LearningRate) = (step.Step, step.Number, step.Time, step.LearningRate);
        Count++;
        Seconds += step.Seconds;
        if (double.IsFinite(step.Loss))
        {
            _lossSum += step.Loss;
            (Low, High) = (Math.Min(Low, step.Loss), Math.Max(High, step.Loss));
        }
        else
        {
            NonFinite++;
        }

        if (!double.IsFinite(step.GradientNorm))
            return;
        _normSum += step.GradientNorm;
        _norms++;
        if (step.GradientNorm > clipNorm)
            _clipped++;
    }

    /// <summary>Merges the next bucket.</summary>
    public void Add(StepBucket later)
    {
        (Step, Number, Time, LearningRate) = (later.Step, later.Number, later.Time, later.LearningRate);
        (Count, NonFinite, Seconds) = (Count + later.Count, NonFinite + later.NonFinite, Seconds + later.Seconds);
        (Low, High) = (Math.Min(Low, later.Low), Math.Max(High, later.High));
        (_lossSum, _normSum, _norms, _clipped) =
            (_lossSum + later._lossSum, _normSum + later._normSum, _norms + later._norms, _clipped + later._clipped);
    }
}
