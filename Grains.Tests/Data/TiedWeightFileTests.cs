using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Files of a model whose head has the embedding's weight.</summary>
public sealed class TiedWeightFileTests : WeightFileFixture
{
    private static readonly ModelSpec Tied = Model with
    {
        InputSize = 3, OutputSize = 4, Embedding = new() { Vocabulary = 4, Size = 3 }, TieWeights = true,
    };

    private static readonly ParameterLayout Both = ParameterLayout.Of(Tied with { TieWeights = false });

    /// <summary>As a state dict of PyTorch has a weight that two modules share.</summary>
    [Fact]
    public void TiedWeight_MayStandUnderBothNames_WhereItsNumbersAreTheSame()
    {
        var (layout, own, tied) = (Both, ParameterLayout.Of(Tied), Tied);
        float[] weights = new Draws(5).Floats(layout.Length);
        var head = weights.AsSpan(layout.Slots[^2].Offset, layout.Slots[^2].Length);
        weights.AsSpan(0, head.Length).CopyTo(head);
        string Save()
        {
            string path = Directory.Write("tied.safetensors", "");
            using var stream = File.Create(path);
            SafetensorsFile.Write(stream, layout, weights);
            return path;
        }

        float[] expected = [.. weights.AsSpan(0, layout.Slots[^2].Offset), .. weights.AsSpan(layout.Slots[^1].Offset)];
        Assert.Equal(own.Length, expected.Length);
        var read = new float[own.Length];
        WeightFile.ReadInto(Save(), tied, read);
        Bits.Same(expected, read);
        Assert.Null(WeightFile.Match(Save(), tied).Note);

        weights[layout.Slots[^2].Offset] += 1;
        Assert.Contains("that differs from the weight of the embedding", Refusal(() => WeightFile.ReadInto(Save(), tied, read)),
            StringComparison.Ordinal);
    }

    /// <summary>As PyTorch's word_language_model saves it: modules of other names, and the shared weight in both.</summary>
    [Fact]
    public void TiedModules_AreTaken_WhereTheirWeightsAreTheSame()
    {
        double[] weights = [.. new Draws(7).Floats(Both.Length).Select(value => (double)value)];
        var (embedding, head, bias) = (Both.Slots[0], Both.Slots[^2], Both.Slots[^1]);
        Array.Copy(weights, embedding.Offset, weights, head.Offset, head.Length);
        string Save() => Write("F32", weights, Both, name => name.Replace("embedding.", "encoder.", StringComparison.Ordinal)
            .Replace("head.", "decoder.", StringComparison.Ordinal));

        Bits.Same(
            (float[])[.. weights.Take(head.Offset).Concat(weights.Skip(bias.Offset)).Select(value => (float)value)], Read(Save(), Tied));
        Assert.Equal("encoder.* read as embedding.*, decoder.* read as head.*, because shapes fit this way only",
            WeightFile.Match(Save(), Tied).Note);

        weights[head.Offset] += 1;
        Assert.Contains("that differs from the weight of the embedding", Refusal(() => Read(Save(), Tied)), StringComparison.Ordinal);
    }

    /// <summary>As <c>safetensors.torch.save_model</c> writes it: a weight that two modules share under one of its names alone.</summary>
    [Theory]
    [InlineData("head", "head.bias", null)]
    [InlineData("decoder", "decoder.bias", "decoder.* read as head.*, because shapes fit this way only")]
    [InlineData("embedding", "head.bias", null)]
    [InlineData("encoder", "head.bias", "encoder.* read as embedding.*, because shapes fit this way only")]
    public void TiedWeight_IsRead_WhereItStandsUnderOneNameAlone(string module, string bias, string? note)
    {
        var layout = ParameterLayout.Of(Tied);
        float[] weights = new Draws(7).Floats(layout.Length);

        string path = Write("F32", [.. weights.Select(value => (double)value)], layout, name => name switch
        {
            "embedding.weight" => $"{module}.weight",
            "head.bias" => bias,
            _ => name,
        });

        Bits.Same(weights, Read(path, Tied));
        Assert.Equal(note, WeightFile.Match(path, Tied).Note);
    }
}
