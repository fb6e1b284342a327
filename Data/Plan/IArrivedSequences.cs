namespace Orleans.Tbptt.Data.Plan;

/// <summary>Series to which rows are appended while they are trained on.</summary>
internal interface IArrivedSequences
{
    /// <summary>The steps in which each is trained on, in the lane of its number; null where a lane takes any sequence.</summary>
    ArrivedSteps? Arrived { get; }

    /// <summary>How many more rows the next step needs at least.</summary>
    int MissingRows { get; }

    /// <summary>The names of the series by their numbers.</summary>
    IReadOnlyList<string> SeriesNames { get; }
}
