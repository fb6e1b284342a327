using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>Specs that run long enough to be hit in the middle, and end soon after.</summary>
internal static class ChaosSpecs
{
    private const string Text = """
        name: chaos
        seed: 3
        model: {cell: lstm, inputSize: 6, hiddenSize: 12, layers: 2, outputSize: 3, dropout: 0.2}
        data: {source: average, batchSize: 6, sequences: 30, sequenceLength: 95, validationFraction: 0.2}
        tbptt: {chunkLength: 10}
        train:
          trainers: 3
          epochs: 20
          loss: mse
          clipNorm: 0.5
          optimizer: {name: adam, lr: 1e-2}
        """;

    /// <summary>Two layers with dropout, three trainers, validation after each of 20 epochs of 40 steps.</summary>
    public static RunSpec Standard { get; } = With();


    /// <summary><see cref="Standard"/>, changed.</summary>
    /// <param name="sets">As for <c>tbptt train --set</c>.</param>
    public static RunSpec With(params string[] sets)
    {
        var document = SpecLoader.Parse(Text, "chaos.yaml", "/", sets);
        Assert.Empty(document.Problems);
        return document.Spec!;
    }
}
