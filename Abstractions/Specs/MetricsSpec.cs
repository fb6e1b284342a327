namespace Orleans.Tbptt.Specs;

/// <summary>Which of a run's events are kept. The result does not depend on it.</summary>
public sealed record MetricsSpec
{
    /// <summary>Of steps, those events are kept whose step is a multiple of this, from 1; all other events always are. Default 1.</summary>
    public int Every { get; init; } = 1;

    /// <summary>
    /// After every so many epochs it is measured how much of the gradient comes from how many chunks back; 0 for never. Default 0.
    /// </summary>
    public int GradientLag { get; init; }

    /// <summary>Whether the event of a step has the hash of the state after it. Default true.</summary>
    public bool StateHash { get; init; } = true;
}
