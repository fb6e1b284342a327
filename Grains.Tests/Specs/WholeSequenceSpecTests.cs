namespace Orleans.Tbptt.Tests.Specs;

/// <summary>What a network that takes whole sequences is refused with, and why.</summary>
public sealed class WholeSequenceSpecTests
{
    private const string Average = """
        model: {hiddenSize: 8, bidirectional: true}
        data: {source: average, batchSize: 4}
        tbptt: {chunkLength: 10, backprop: full}
        train: {epochs: 2, loss: mse, optimizer: {name: adam, lr: 1e-3}}
        """;

    [Theory]
    [InlineData("tbptt={chunkLength: 10, backprop: full}")]
    [InlineData("tbptt={chunkCount: 1}")]
    public void WholeSequences_AreTaken_InEitherWay(string tbptt)
    {
        var spec = SpecFixture.Sound(Average, tbptt);

        Assert.True(spec.TakesWholeSequences);
        Assert.False(spec.WorksByPieces);
    }

    [Fact]
    public void OtherNetworks_StillWorkByPieces() =>
        Assert.True(SpecFixture.Sound(Average, "model.bidirectional=false").WorksByPieces);

    [Theory]
    [InlineData(
        "tbptt={chunkLength: 10}", "tbptt.backprop: found chunk with model.bidirectional, expected whole sequences, because the other "
            + "direction begins at a sequence's end, and no state can be carried to the next chunk; write backprop: full, or ")]
    [InlineData("tbptt={chunkCount: 2}", "tbptt.backprop: found chunk with model.bidirectional")]
    [InlineData("tbptt={chunkLength: 10, backprop: {length: 20}}", "tbptt.backprop: found window with model.bidirectional")]
    [InlineData("data.source=sine", "data.source: found sine with model.bidirectional, expected targets that are no inputs of later time")]
    [InlineData(
        "model={hiddenSize: 8, layers: 2, bidirectional: true, layerNorm: true, dropout: {between: 0.2, output: 0.1}}",
        "model.layerNorm: found it with model.bidirectional")]
    [InlineData("metrics={gradientLag: 1}", "metrics.gradientLag: found 1 with model.bidirectional, expected 0")]
    [InlineData("data={source: 'csv:a.csv', series: s, batchSize: 4}", "data.source: found csv with model.bidirectional, expected targets")]
    [InlineData("data={source: 'csv:a.csv', batchSize: 4}", "data.source: found csv, which is one long stream here, with model.bidirect")]
    [InlineData(
        "data={source: 'npy:x.npy,y.npy', layout: stream, batchSize: 4}",
        "data.source: found npy, which is one long stream here, with model.bidirectional, expected independent sequences")]
    public void CarriedState_IsRefused_WithTheReason(string set, string problem) =>
        Assert.Contains(SpecFixture.Problems(Average, set), one => one.Contains(problem, StringComparison.Ordinal));

    [Fact]
    public void ExtendedRuns_AreRefused() => Assert.Contains(
        SpecFixture.Problems(
            Average, "data={source: 'npy:x.npy,y.npy', layout: sequences, batchSize: 4}", "extends={checkpoint: runs/a/checkpoints/1-2}"),
        one => one.Contains("extends: found it with model.bidirectional, expected no parent", StringComparison.Ordinal));
}
