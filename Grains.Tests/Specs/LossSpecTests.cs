using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused.Losses;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Losses with keys of their own: what is read, written and refused.</summary>
public sealed class LossSpecTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("{name: quantile, quantiles: [0.05, 0.5, 0.95]}")]
    [InlineData("{name: student_t, leastDeviation: 0.25}")]
    [InlineData("{name: esr, emphasis: 0.95, epsilon: 1e-3}")]
    public void Keys_AreWritten_AsTheyWereRead(string loss)
    {
        var spec = Sound(Sine, $"train.loss={loss}");

        Assert.Equal(spec.Train.Loss, Read(SpecWriter.ToYaml(spec)).Spec!.Train.Loss);
    }

    [Fact]
    public void KeysOfClasses_AreWritten_AsTheyWereRead()
    {
        var spec = Sound(Bytes, "train.loss={name: cross_entropy, classWeights: [1, 0.5], ignoredClass: 0}");

        Assert.Equal(new CrossEntropy { ClassWeights = new([1, 0.5]), IgnoredClass = 0 }, spec.Train.Loss);
        Assert.Equal(spec.Train.Loss, Read(SpecWriter.ToYaml(spec)).Spec!.Train.Loss);
    }

    [Theory]
    [InlineData("{name: quantile, quantiles: [0.5, 0.1]}", "train.loss.quantiles: found 0.1 behind 0.5, expected numbers that rise")]
    [InlineData("{name: quantile, quantiles: [0.5, 0.5]}", "train.loss.quantiles: found 0.5 behind 0.5, expected numbers that rise")]
    [InlineData("{name: quantile, quantiles: [0, 0.5]}", "expected a number greater than 0 and less than 1; raise it above 0")]
    [InlineData("{name: quantile, quantiles: [0.5, 1]}", "expected a number greater than 0 and less than 1; lower it below 1")]
    [InlineData("{name: quantile, quantiles: 0.5}", "expected a list of numbers, such as [0.1, 0.5, 0.9]; put it in brackets: [ ]")]
    public void Quantiles_AreRefused_UnlessTheyRise(string loss, string problem) =>
        Assert.Contains(problem, Problem(Sine, $"train.loss={loss}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("gaussian", "transform: {a: log1p},", "found a logarithm of the target 'a' with loss gaussian")]
    [InlineData("student_t", "transform: {a: log},", "found a logarithm of the target 'a' with loss student_t")]
    [InlineData("negative_binomial", "", "data.standardize: found true with loss negative_binomial, expected false")]
    [InlineData("negative_binomial", "standardize: false, transform: {a: difference},", "found a transform of the target 'a'")]
    [InlineData("binary_cross_entropy", "", "data.standardize: found true with loss binary_cross_entropy, expected false")]
    public void Targets_AreRefused_ThatHaveNoWayBack(string loss, string keys, string problem) => Assert.Contains(
        problem, Problem(Table(keys, loss)), StringComparison.Ordinal);

    [Theory]
    [InlineData("gaussian", "transform: {a: difference},")]
    [InlineData("quantile", "transform: {a: log},")]
    [InlineData("student_t", "inputs: [a, b], targets: [b], transform: {a: log},")]
    [InlineData("negative_binomial", "standardize: false,")]
    [InlineData("binary_cross_entropy", "scale: none,")]
    public void Targets_AreTaken_ThatHaveAWayBack(string loss, string keys) => Sound(Table(keys, loss));

    [Theory]
    [InlineData("quantile", "train.loss: found quantile with engine torch, expected a loss that libtorch has")]
    [InlineData("esr", "train.loss: found esr with engine torch, expected a loss that libtorch has")]
    public void EngineTorch_IsRefused_WithLossesThatItLacks(string loss, string problem) =>
        Assert.Contains(problem, Problem(Sine, "engine=torch", $"train.loss={loss}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("tbptt.backprop=full", "tbptt.backprop: found full with loss esr, expected chunk")]
    [InlineData("tbptt.backprop={length: 20}", "tbptt.backprop: found window with loss esr, expected chunk")]
    [InlineData("metrics.gradientLag=1", "metrics.gradientLag: found 1 with loss esr, expected 0")]
    public void GradientsBeyondTheChunk_AreRefused_WithALossThatLooksBack(string set, string problem) => Assert.Contains(
        $"{problem}, because the loss looks back by a time step; remove it", Problem(Sine, set, "train.loss=esr"),
        StringComparison.Ordinal);

    [Fact]
    public void EngineTorch_IsRefused_WithWeightsOfClasses()
    {
        Assert.Contains(
            "train.loss.classWeights: found it with engine torch, expected engine: fused, which has it",
            Problem(Bytes, "engine=torch", "train.loss={name: cross_entropy, classWeights: [1, 2]}"), StringComparison.Ordinal);
        Sound(Sine, "engine=torch", "train.loss=binary_cross_entropy");
    }

    [Theory]
    [InlineData("binary_cross_entropy", "1\n0\n1\n0\n0.5\n", "the target 0.5 of 'a' at time step 4, expected targets that are 0 or 1")]
    [InlineData("negative_binomial", "1\n3\n7\n-2\n5\n", "the target -2 of 'a' at time step 3, expected targets that are a count")]
    public void Targets_AreRefused_ThatTheLossDoesNotTake(string loss, string rows, string problem)
    {
        string path = Path.Combine(_directory.Path, "a.csv");
        File.WriteAllText(path, "a\n" + rows);
        var spec = SpecLoader.Parse(Table("standardize: false,", loss).Replace("rows.csv", path, StringComparison.Ordinal), "a.yaml", "/");

        var refused = Assert.Throws<SpecException>(() => PreparedRun.Prepare(spec.Spec!));

        Assert.Contains(problem, Assert.Single(refused.Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Outputs_AreSoManyForEachTarget()
    {
        string path = Path.Combine(_directory.Path, "two.csv");
        File.WriteAllText(path, "a,b\n1,2\n2,1\n3,5\n4,2\n");
        string text = Table("inputs: [a, b],", "quantile").Replace("rows.csv", path, StringComparison.Ordinal);

        using var run = PreparedRun.Prepare(SpecLoader.Parse(text, "two.yaml", "/").Spec!);

        Assert.Equal((2, 6), (run.Data.Shape.TargetFeatures, run.Spec.Model.OutputSize));
        var wrong = SpecLoader.Parse(new SpecText(text, "two.yaml", "/") { Sets = ["model.outputSize=2"] }).Spec!;
        Assert.Contains(
            "found 2, expected 6, 3 of loss quantile for each value of a target",
            Assert.Single(Assert.Throws<SpecException>(() => PreparedRun.Prepare(wrong)).Problems).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("classWeights: [1, 2]", "train.loss.classWeights: found 2 numbers, expected 4, one for each class")]
    [InlineData("ignoredClass: 4", "train.loss.ignoredClass: found 4, expected a class from 0 to 3")]
    public void KeysOfClasses_AreRefused_ThatDoNotFitThem(string key, string problem)
    {
        string text = Path.Combine(_directory.Path, "text.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Repeat("abc\n", 30)));
        var spec = SpecLoader.Parse(
            $$"""
            name: text
            model: {hiddenSize: 4, embedding: {size: 2} }
            data: {source: "characters:{{text}}", batchSize: 2}
            tbptt: {chunkLength: 10}
            train: {epochs: 1, loss: {name: cross_entropy, {{key}} }, optimizer: {name: sgd, lr: 0.1} }
            """, "text.yaml", "/").Spec!;

        var refused = Assert.Throws<SpecException>(() => PreparedRun.Prepare(spec));

        Assert.Contains(problem, Assert.Single(refused.Problems).ToString(), StringComparison.Ordinal);
    }

    /// <summary>Records are equal where their lists say the same: specs are compared.</summary>
    [Fact]
    public void Lists_AreEqual_WhereTheyHaveTheSameNumbers() => Assert.Equal(
        (true, false, true),
        (new NumberList([1, 2]).Equals(new NumberList([1, 2])), new NumberList([1, 2]).Equals(new NumberList([2, 1])),
            new Quantile() == new Quantile { Quantiles = new([0.1, 0.5, 0.9]) }));

    private static string Table(string keys, string loss) =>
        $$"""
        name: table
        model: {hiddenSize: 4}
        data:
          { source: "csv:rows.csv", {{(keys.Contains("inputs:", StringComparison.Ordinal) ? "" : "inputs: [a],")}} {{keys}} batchSize: 1 }
        tbptt: {chunkLength: 4}
        train: {epochs: 1, loss: {{loss}}, optimizer: {name: sgd, lr: 0.1} }
        """;
}
