using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public sealed class SpecBackpropTests
{
    [Fact]
    public void Backprop_IsReadAndWritten_AndNotWrittenWhereItHasItsDefault()
    {
        Assert.IsType<ChunkBackprop>(Sound(Sine).Tbptt.Backprop);
        Assert.DoesNotContain("backprop", SpecWriter.ToYaml(Sound(Sine, "tbptt.backprop=chunk")), StringComparison.Ordinal);
        var full = Sound(Sine, "tbptt.backprop=full");
        Assert.Contains("  backprop: full\n", SpecWriter.ToYaml(full), StringComparison.Ordinal);
        Assert.Equal(full.Tbptt, Sound(SpecWriter.ToYaml(full)).Tbptt);
    }

    [Fact]
    public void Full_WithANumberOfChunks_IsRefused() => Assert.EndsWith(
        "tbptt.chunkCount: found chunkCount with backprop full, expected chunkLength, the time steps that a trainer holds in memory at a "
            + "time; write chunkLength; it changes no bit of the result",
        Problem(Sine, "tbptt.chunkLength=", "tbptt.chunkCount=3", "tbptt.backprop=full"), StringComparison.Ordinal);
}
