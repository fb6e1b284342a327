using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>Specs that run long enough to be hit in the middle, and end soon after.</summary>
internal static class ChaosSpecs
{
    private const string Text = """
        name: chaos
        seed: 3
        speculate: off
        model: {cell: lstm, inputSize: 6, hiddenSize: 12, layers: 2, outputSize: 3, dropout: 0.2}
        data: {source: average, batchSize: 6, sequences: 30, sequenceLength: 95, validationFraction: 0.2}
        tbptt: {chunkLength: 10}
        train:
          trainers: 3
          epochs: 1
          loss: mse
          clipNorm: 0.5
          optimizer: {name: adam, lr: 1e-2}
        """;

    // The fused engine's runs are longer in steps, so that they are as long in time.
    private const int Epochs = 20;
    private const int FusedFactor = 2;

    /// <summary>The engine of the suite's runs: <c>TBPTT_CHAOS_ENGINE</c>, fused where nothing is said.</summary>
    public static string Engine { get; } = Environment.GetEnvironmentVariable("TBPTT_CHAOS_ENGINE") switch
    {
        null or "" or "fused" => "fused",
        "torch" => "torch",
        var other => throw new InvalidOperationException($"TBPTT_CHAOS_ENGINE is '{other}', expected fused or torch"),
    };

    /// <summary>
    /// Two layers with dropout, three trainers, validation after each epoch of 40 steps. Without speculation, which would answer for a silo
    /// before its loss is noticed.
    /// </summary>
    public static RunSpec Standard { get; } = With();

    /// <summary><see cref="Standard"/> on an engine.</summary>
    public static RunSpec On(string engine, params string[] sets) => With(1, engine, sets);

    /// <summary><see cref="Standard"/>, some times as long.</summary>
    public static RunSpec Longer(double factor, params string[] sets) => With(factor, Engine, sets);

    /// <summary><see cref="Standard"/>, changed.</summary>
    /// <param name="sets">As for <c>tbptt train --set</c>.</param>
    public static RunSpec With(params string[] sets) => With(1, Engine, sets);

    private static RunSpec With(double factor, string engine, string[] sets)
    {
        int epochs = (int)(Epochs * factor * (engine == "fused" ? FusedFactor : 1));
        var document =
            SpecLoader.Parse(new SpecText(Text, "chaos.yaml", "/") { Sets = [$"engine={engine}", $"train.epochs={epochs}", .. sets] });
        Assert.Empty(document.Problems);
        return document.Spec!;
    }
}
