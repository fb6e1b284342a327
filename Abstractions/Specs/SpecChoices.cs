namespace Orleans.Tbptt.Specs;

/// <summary>
/// What a spec can choose from: each list holds the declarations of one kind. The first cell and the first engine are the defaults.
/// </summary>
/// <param name="Cells">The cells.</param>
/// <param name="Sources">The sources.</param>
/// <param name="Losses">The losses.</param>
/// <param name="Optimizers">The optimizers.</param>
/// <param name="Engines">The engines.</param>
public sealed record SpecChoices(
    IReadOnlyList<CellSpec> Cells, IReadOnlyList<SourceSpec> Sources, IReadOnlyList<LossSpec> Losses,
    IReadOnlyList<OptimizerSpec> Optimizers, IReadOnlyList<EngineSpec> Engines);
