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

    [Theory]
    [InlineData("{length: 30}")]
    [InlineData("{name: window, length: 30}")]
    public void Window_IsKnownByItsLength(string text)
    {
        var spec = Sound(Sine, $"tbptt.backprop={text}");

        Assert.Equal(new WindowBackprop { Length = 30 }, spec.Tbptt.Backprop);
        Assert.Equal(3, spec.Tbptt.WindowChunks);
        Assert.Equal(spec.Tbptt, Sound(SpecWriter.ToYaml(spec)).Tbptt);
    }

    [Theory]
    [InlineData("{length: 34}", "tbptt.backprop.length: found 34 with chunks of 10 time steps, expected a multiple of 10; write 30")]
    [InlineData("{length: 4}", "tbptt.backprop.length: found 4 with chunks of 10 time steps, expected a multiple of 10; write 10")]
    [InlineData("window", "tbptt.backprop.length: found nothing, expected a whole number of 1 or more; add length")]
    public void Window_OfNoWholeChunks_IsRefused(string text, string problem) =>
        Assert.EndsWith(problem, Problem(Sine, $"tbptt.backprop={text}"), StringComparison.Ordinal);

    [Fact]
    public void RandomLength_IsReadAndWritten()
    {
        var spec = Sound(Sine, "tbptt.chunkLength={random: {base: 70, deviation: 4}}");

        Assert.Equal(70, spec.Tbptt.ChunkLength);
        Assert.Equal(new RandomLengthSpec { Deviation = 4 }, spec.Tbptt.RandomLength);
        Assert.Equal(spec.Tbptt, Sound(SpecWriter.ToYaml(spec)).Tbptt);
        Assert.Contains("  chunkLength: 10\n", SpecWriter.ToYaml(Sound(Sine)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tbptt.backprop=full", "found full with random chunk lengths")]
    [InlineData("train.sync={mode: local, chunks: 4}", "found local with random chunk lengths")]
    [InlineData("tbptt.chunkLength={random: {deviation: 4}}", "tbptt.chunkLength.random.base: found nothing")]
    [InlineData("tbptt.chunkLength={mean: 4}", "tbptt.chunkLength.random: found nothing")]
    public void RandomLength_WithWhatNeedsOneLength_IsRefused(string set, string problem) => Assert.Contains(
        problem, string.Join('\n', Problems(Sine, "tbptt.chunkLength={random: {base: 70}}", set)), StringComparison.Ordinal);

    [Fact]
    public void BurnIn_IsReadAndWritten_AndNotWrittenWhereThereIsNone()
    {
        Assert.Equal(7, Sound(SpecWriter.ToYaml(Sound(Sine, "tbptt.burnIn=7"))).Tbptt.BurnIn);
        Assert.DoesNotContain("burnIn", SpecWriter.ToYaml(Sound(Sine)), StringComparison.Ordinal);
    }

    [Fact]
    public void Full_WithANumberOfChunks_IsRefused() => Assert.EndsWith(
        "tbptt.chunkCount: found chunkCount with backprop full, expected chunkLength, the time steps that a trainer holds in memory at a "
            + "time; write chunkLength; it changes no bit of the result",
        Problem(Sine, "tbptt.chunkLength=", "tbptt.chunkCount=3", "tbptt.backprop=full"), StringComparison.Ordinal);
}
