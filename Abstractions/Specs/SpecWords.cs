using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>Words that have no keys.</summary>
internal static class SpecWords
{
    public static IReadOnlyList<Word<SyncMode>> SyncModes { get; } =
    [
        new("every", SyncMode.Every, "the trainers' gradients are averaged at every step"),
        new("local", SyncMode.Local, "each shard makes `chunks` steps by itself, then the differences of their parameters are averaged"),
    ];

    public static IReadOnlyList<Word<WireKind>> Wires { get; } =
    [
        new("float32", WireKind.Full, "nothing is rounded"),
        new("bfloat16", WireKind.Bfloat16,
            "half the bytes between silos, and another result, the same wherever trainers live; not with sync.mode local"),
    ];

    public static IReadOnlyList<Word<PrecisionKind>> Precisions { get; } =
    [
        new("float32", PrecisionKind.Full, "nothing is rounded: the bits of every processor"),
        new("tf32", PrecisionKind.Tf32, "to 11 bits of precision, by a GPU's tensor cores; bits of one compute capability"),
        new("bfloat16", PrecisionKind.Bfloat16, "to 8 bits of precision, by a GPU's tensor cores; bits of one compute capability"),
    ];

    public static IReadOnlyList<Word<SpeculationKind>> Speculations { get; } =
    [
        new("auto", SpeculationKind.Auto,
            "they go to a silo that has room for the trainers, or has trainers of the run already, and the first answer counts"),
        new("off", SpeculationKind.Off, "a step waits for the silo until it answers or is lost"),
    ];

    public static IReadOnlyList<Word<ExtendedScaling>> Scalings { get; } =
    [
        new("frozen", ExtendedScaling.Frozen, "the parent's, so that a value stands for what the model has learned of it"),
        new("refit", ExtendedScaling.Refit, "those of all rows to train on, the parent's included"),
    ];

    public static IReadOnlyList<Word<AveragingTrigger>> AveragingTriggers { get; } =
    [
        new("nonMonotonic", AveragingTrigger.NonMonotonic,
            "a loss (validation's; training's where nothing is held out) that is higher than the lowest one before the last `window`"),
    ];

    public static IReadOnlyList<Word<OutputKind>> Outputs { get; } =
    [
        new("last", OutputKind.Last, "those after the last step"),
        new("best", OutputKind.Best, "those of the epoch's end with the lowest validation loss; something must be held out"),
        new("ema", OutputKind.Ema, "the average that `ema` keeps, which then is what is evaluated at each epoch's end, too"),
    ];

    public static IReadOnlyList<Word<OuterOptimizerKind>> OuterOptimizers { get; } =
        [new("nesterov", OuterOptimizerKind.Nesterov, "v ← m·v + g, θ ← θ − lr·(g + m·v)")];
}
