namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// A figure of how well forecasts meet targets that are values, over the elements of held-out sequences: one declaration, which stands in
/// <see cref="ValueMetrics"/>. It is computed for each target, and for each series where sequences are series.
/// </summary>
/// <remarks>
/// It keeps a few sums in float64, so that sums of parts can be added: elements come in order of time, some at a time. What it does with
/// an element is a function of that element alone.
/// </remarks>
public abstract record ValueMetric
{
    /// <summary>Its name, as events and pages show it, such as <c>RMSE</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, for the documentation.</summary>
    public abstract string About { get; }

    /// <summary>How many sums it keeps of a target.</summary>
    public virtual int Sums => 1;

    /// <summary>
    /// Whether it may not be defined though there are elements: it is left out then. Another figure that is no number is shown. Default
    /// false.
    /// </summary>
    public virtual bool MayBeUndefined => false;

    /// <summary>Adds elements to the sums.</summary>
    /// <param name="elements">The elements.</param>
    /// <param name="sums">The sums so far, <c>[Sums]</c>; 0 in the beginning.</param>
    public abstract void Add(ForecastElements elements, Span<double> sums);

    /// <summary>The figure; NaN where it is not defined, or a forecast was no number.</summary>
    /// <param name="sums">The sums over all elements, <c>[Sums]</c>.</param>
    /// <param name="count">How many elements; at least 1.</param>
    public abstract double Value(ReadOnlySpan<double> sums, double count);
}
