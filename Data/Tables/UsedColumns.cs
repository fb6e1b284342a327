namespace Orleans.Tbptt.Data.Tables;

/// <summary>The columns of a table that a run uses.</summary>
/// <param name="Names">Names of the columns used, in the order of the table that is trained on.</param>
/// <param name="Read">For each of them, its index among the columns that are read.</param>
/// <param name="Inputs">For each input, its index in <paramref name="Names"/>.</param>
/// <param name="Targets">For each target, its index in <paramref name="Names"/>.</param>
/// <param name="Flagged">
/// The inputs with missing cells that are masked, by their index in <paramref name="Names"/>: for each follows, behind all inputs, whether
/// its cell has a value.
/// </param>
/// <param name="IsMasked">Whether targets are missing, which are left out of the loss.</param>
internal sealed record UsedColumns(
    IReadOnlyList<string> Names, IReadOnlyList<int> Read, IReadOnlyList<int> Inputs, IReadOnlyList<int> Targets,
    IReadOnlyList<int> Flagged, bool IsMasked)
{
    /// <summary>The columns of classes, each by its index among those that are read.</summary>
    public IReadOnlyList<(string Name, int Read)> Categories { get; init; } = [];

    /// <summary>Names of those of them that are known ahead.</summary>
    public IReadOnlyList<string> KnownCategories { get; init; } = [];

    /// <summary>The inputs that are known ahead and read from the target's row, by their index in <see cref="Names"/>.</summary>
    public IReadOnlyList<int> Known { get; init; } = [];

    /// <summary>The inputs that are the same in all rows of a series, by their index in <see cref="Names"/>.</summary>
    public IReadOnlyList<int> Static { get; init; } = [];

    /// <summary>Names of the model's inputs.</summary>
    public IReadOnlyList<string> InputNames =>
        [.. Inputs.Select(column => Names[column]), .. Flagged.Select(column => $"{Names[column]} observed")];
}
