using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecOverrideTests
{
    [Fact]
    public void Set_ReplacesAValue_WhetherTheKeyExistsOrNot()
    {
        RunSpec spec =
            Sound(Sine, "train.optimizer.lr=3e-3", "model.layers=2", "seed=5", "seed=6", "train.optimizer.betas=[0.5, 0.6]", "name=a=b");

        Assert.Equal(2, spec.Model.Layers);
        Assert.Equal(6, spec.Seed);
        Assert.Equal(new Adam { Lr = 0.003, Beta1 = 0.5, Beta2 = 0.6 }, spec.Train.Optimizer);
        Assert.Equal("a=b", spec.Name);
    }

    [Fact]
    public void Set_MakesSections_WhenThereAreNone()
    {
        Assert.Equal(16, Sound(Bytes.With("  embedding: null"), "model.embedding.size=16").Model.Embedding!.Size);
        Assert.Equal(16, Sound(Bytes.With("  embedding:"), "model.embedding.size=16").Model.Embedding!.Size);
        Assert.Equal(new Sgd { Lr = 1, Momentum = 0.5 }, Sound(Sine, "train.optimizer={name: sgd, lr: 1, momentum: 0.5}").Train.Optimizer);
    }

    [Theory]
    [InlineData("tbptt.chunkLength=")]
    [InlineData("tbptt.chunkLength=null")]
    public void Set_TakesAKeyOut_WhenEmptyOrNull(string set) =>
        Assert.Equal(new TbpttSpec { ChunkCount = 3 }, Sound(Sine, set, "tbptt.chunkCount=3").Tbptt);

    [Theory]
    [InlineData("train.optimizer.lr=abc",
        "train.optimizer.lr: found abc, expected a number greater than 0 and at most 1e30; write a finite number, such as 0.5 or 3e-3")]
    [InlineData("model.layrs=2",
        "model.layrs: found an unknown key, expected cell, inputSize, hiddenSize, layers, bidirectional, outputSize, embedding, " +
        "embeddings, classes, dropout, layerNorm, residual, tieWeights, learnInitialState, init, initFrom or rename; " +
        "did you mean layers?")]
    [InlineData("name.x=3", "name.x: found waves at name, expected a section there; set name itself")]
    [InlineData("model.embedding.size=",
        "model.embedding.size: found nothing at model.embedding, expected a section there; " +
        "remove the option: there is nothing to take out")]
    [InlineData("train.epochs=\"x",
        "train.epochs: found text that is not YAML (while scanning a quoted scalar, found unexpected end of stream), expected YAML; " +
        "correct the text here or just before it")]
    [InlineData("train.epochs=*x", "train.epochs: found an alias (*), expected the value itself; write the value out")]
    public void Problem_StandsAtTheOption_WhenItsValueIsBad(string set, string problem) =>
        Assert.Equal($"--set {set} {problem}", Problem(Sine, set));

    [Fact]
    public void Set_IsRefused_WhenItTakesOutAnUnknownKey() =>
        Assert.StartsWith("--set model.layrs= model.layrs: found an unknown key", Problem(Sine, "model.layrs="), StringComparison.Ordinal);

    [Theory]
    [InlineData("nothing", "found no '='")]
    [InlineData("", "found no '='")]
    [InlineData("=3", "found no key before '='")]
    [InlineData("a..b=3", "found the key \"a..b\"")]
    [InlineData("train.=3", "found the key \"train.\"")]
    public void Set_IsRefused_WhenMalformed(string set, string found)
    {
        string problem = Problem(Sine, set);

        Assert.StartsWith($"--set {set}: {found}, expected KEY=VALUE, such as train.optimizer.lr=3e-3; ", problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Options_AreReportedAfterTheDocument_InTheirOrder() =>
        Assert.Equal(
            ["run.yaml:3:3", "--set train.epochs=0", "--set data.batchSize=0", "--set x"],
            Read(Sine.With("  hiddenSize: 0"), "train.epochs=0", "data.batchSize=0", "x").Problems.Select(problem => problem.Location));
}
