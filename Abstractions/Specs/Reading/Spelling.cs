namespace Orleans.Tbptt.Specs.Reading;

/// <summary>The words of a spec and what they stand for, for reading and for writing.</summary>
internal static class Spelling
{
    public static IReadOnlyList<(string Word, CellKind Value)> Cells { get; } =
        [("lstm", CellKind.Lstm), ("gru", CellKind.Gru), ("rnn", CellKind.Rnn)];

    public static IReadOnlyList<(string Word, SourceKind Value)> Sources { get; } =
    [
        ("average", SourceKind.Average), ("sine", SourceKind.Sine), ("csv", SourceKind.Csv), ("npy", SourceKind.Npy),
        ("bytes", SourceKind.Bytes),
    ];

    public static IReadOnlyList<(string Word, LossKind Value)> Losses { get; } =
        [("mse", LossKind.Mse), ("cross_entropy", LossKind.CrossEntropy)];

    public static IReadOnlyList<(string Word, OptimizerKind Value)> Optimizers { get; } =
        [("sgd", OptimizerKind.Sgd), ("adam", OptimizerKind.Adam), ("adamw", OptimizerKind.AdamW), ("rmsprop", OptimizerKind.RmsProp)];

    public static IReadOnlyList<(string Word, EngineKind Value)> Engines { get; } =
        [("auto", EngineKind.Auto), ("fused", EngineKind.Fused), ("torch", EngineKind.Torch)];

    public static IReadOnlyList<(string Word, SyncMode Value)> SyncModes { get; } = [("every", SyncMode.Every), ("local", SyncMode.Local)];

    public static IReadOnlyList<(string Word, OuterOptimizerKind Value)> OuterOptimizers { get; } = [("nesterov", OuterOptimizerKind.Nesterov)];

    public static IReadOnlyList<(string Word, WireKind Value)> Wires { get; } =
        [("float32", WireKind.Full), ("bfloat16", WireKind.Bfloat16)];

    /// <summary>The word for a value.</summary>
    public static string Of<T>(IReadOnlyList<(string Word, T Value)> words, T value) =>
        words.First(word => EqualityComparer<T>.Default.Equals(word.Value, value)).Word;
}
