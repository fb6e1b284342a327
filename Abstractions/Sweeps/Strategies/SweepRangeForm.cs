namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>How a sweep's file says from where the values of a key are taken: what the reader goes by, and the schema.</summary>
/// <param name="Word">The key: <c>{uniform: [0.1, 2]}</c>.</param>
/// <param name="Range">What it stands for.</param>
/// <param name="About">Its documentation.</param>
internal sealed record SweepRangeForm(string Word, SweepRange Range, string About)
{
    /// <summary>The key that says how many values of a range a grid has.</summary>
    public const string Points = "points";

    /// <summary>The most values of one range that a grid has; fewer where there are fewer whole numbers.</summary>
    public const int MostPoints = 10_000;

    /// <summary>Every form, in the order in which messages name them.</summary>
    public static IReadOnlyList<SweepRangeForm> All { get; } =
    [
        new("choice", SweepRange.Choice, "these values"),
        new("uniform", SweepRange.Uniform, "all numbers between two, each equally likely"),
        new("logUniform", SweepRange.LogUniform, "all numbers between two, their logarithms equally likely"),
        new("int", SweepRange.Whole, "the whole numbers from one to another, both included"),
        new("logInt", SweepRange.LogWhole, "the whole numbers from one to another, their logarithms about equally likely"),
    ];

    /// <summary>Whether it is a list of values, not a range of numbers.</summary>
    public bool IsChoice => Range == SweepRange.Choice;

    /// <summary>Whether only whole numbers are values.</summary>
    public bool IsWhole => Range is SweepRange.Whole or SweepRange.LogWhole;

    /// <summary>Whether the logarithm is what is searched: the least number is above 0.</summary>
    public bool IsLogarithmic => Range is SweepRange.LogUniform or SweepRange.LogWhole;
}
