namespace Orleans.Tbptt.Sweeps;

/// <summary>Which way is better.</summary>
public enum SweepDirection
{
    /// <summary>Less is better.</summary>
    Minimize,

    /// <summary>More is better.</summary>
    Maximize,
}

/// <summary>Of which epoch up to a rung the figure counts.</summary>
public enum SweepTake
{
    /// <summary>The last one.</summary>
    Last,

    /// <summary>The one whose figure is best.</summary>
    Best,
}

/// <summary>By which figure a sweep compares its trials.</summary>
public sealed record SweepObjective
{
    /// <summary>The mean loss over what is held out.</summary>
    public const string ValidationLoss = "validation loss";

    /// <summary>The mean loss of an epoch's training.</summary>
    public const string TrainingLoss = "training loss";

    /// <summary>
    /// The figure: <see cref="ValidationLoss"/>, <see cref="TrainingLoss"/>, or the name of a figure of the evaluation, such as
    /// <c>validation RMSE</c>. Null, the default, for the validation loss, or the training loss where nothing is held out.
    /// </summary>
    public string? Metric { get; init; }

    /// <summary>Of figures of one name for several targets, the target; null for the first.</summary>
    public string? Target { get; init; }

    /// <summary>Which way is better. Default: less.</summary>
    public SweepDirection Direction { get; init; }

    /// <summary>Of which epoch. Default: the last one.</summary>
    public SweepTake Take { get; init; }

    /// <summary>A figure such that less is better; infinite for one that is no number.</summary>
    public double Cost(double value) =>
        !double.IsFinite(value) ? double.PositiveInfinity : Direction == SweepDirection.Minimize ? value : -value;
}
