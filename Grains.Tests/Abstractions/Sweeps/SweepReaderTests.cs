using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Abstractions.Sweeps;

/// <summary>Reading sweeps: the same rules and messages as for run specs.</summary>
public sealed class SweepReaderTests
{
    private const string Sound = """
        spec: base.yaml
        parameters:
          train.optimizer.lr: {logUniform: [1e-4, 1e-2]}
        strategy: random
        """;

    private static readonly SweepReader Reader = new(SpecLoader.Reader);

    [Fact]
    public void Example_IsSound_AndItsTrialsAreSpecs()
    {
        var document = Reader.Load(SourceTree.Of("examples", "sunspots-sweep.yaml"), []);

        Assert.Empty(document.Problems);
        var sweep = document.Spec!;
        Assert.Equal(("sunspots-sweep", 27, 60), (sweep.Name, sweep.Trials, sweep.Epochs));
        Assert.Equal([6, 18, 60], sweep.Rungs);
        var trial = SpecLoader.Parse(sweep.Of(["0.001", "64", "0.5"], "limits.epochs=6"), filesMustExist: false);
        Assert.Equal((64, 0.5, 6), (trial.Spec!.Model.HiddenSize, trial.Spec.Train.ClipNorm, trial.Spec.Limits!.Epochs));
    }

    [Fact]
    public void SpecInsideOfASweep_IsReadAsAFileOfItsOwn()
    {
        string inside = string.Concat(TestSpecs.Average(epochs: 4).Written().Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => $"  {line}\n"));
        string text = Sound.Replace("spec: base.yaml", $"spec:\n{inside}", StringComparison.Ordinal);
        var document = Reader.Parse(new(new(text, "s.yaml", "/"), null));

        Assert.Empty(document.Problems);
        Assert.Equal(4, document.Spec!.Epochs);
        Assert.Equal(TestSpecs.Average(epochs: 4), SpecLoader.Parse(document.Spec.Base).Spec);
    }

    [Fact]
    public void SectionAsAValue_StaysWhatItIs()
    {
        var sweep = Read(Sound.Replace(
            "{logUniform: [1e-4, 1e-2]}",
            "[1e-3]\n  train.schedule: [{name: step, every: 20, gamma: 0.5}, constant, {name: \"step\", every: 3}]",
            StringComparison.Ordinal));

        Assert.Empty(sweep.Problems);
        Assert.Equal(
            ["{name: step, every: 20, gamma: 0.5}", "constant", "{name: \"step\", every: 3}"], sweep.Spec!.Parameters[1].Choices);
    }

    [Theory]
    [InlineData("strategy: random", "strategy: randon",
        "s.yaml:4:1 strategy: found randon, expected grid, random or tpe; did you mean random?")]
    [InlineData("parameters:", "parameter:", "s.yaml:2:1 parameter: found an unknown key", "did you mean parameters?")]
    [InlineData("logUniform", "loguniform", "parameters.train.optimizer.lr.loguniform: found an unknown key", "did you mean logUniform?")]
    [InlineData("[1e-4, 1e-2]", "[1e-2, 1e-4]",
        "s.yaml:3:24 parameters.train.optimizer.lr.logUniform: found [1e-2, 1e-4]", "exchange them")]
    [InlineData("[1e-4, 1e-2]", "[0, 1]", "parameters.train.optimizer.lr.logUniform: found 0, expected", "above 0")]
    [InlineData("optimizer.lr", "optimizer.rl",
        "s.yaml:3:3 parameters.train.optimizer.rl: found 0.0001: an unknown key", "did you mean lr?")]
    [InlineData("[1e-4, 1e-2]", "[1e-4, 1e31]",
        "parameters.train.optimizer.lr: found 1.0e+31: 1.0e+31", "expected a number greater than 0 and at most 1e30")]
    [InlineData("strategy: random", "strategy: grid", "parameters.train.optimizer.lr: found a range without points", "points: 5")]
    [InlineData("strategy: random", "strategy: {name: grid, trials: 3}", "strategy.trials: found", "with")]
    [InlineData("strategy: random", "strategy: random\nhalving: {first: 2}",
        "s.yaml:5:11 halving.first: found 2, expected less than 2", "train.epochs")]
    [InlineData("train.optimizer.lr: {logUniform: [1e-4, 1e-2]}", "train.epochs: [1, 2]",
        "parameters.train.epochs: found train.epochs, which no sweep varies", "halving")]
    [InlineData("train.optimizer.lr: {logUniform: [1e-4, 1e-2]}", "train.optimizer: [adam]\n  train.optimizer.lr: [1]",
        "parameters.train.optimizer.lr: found a key of train.optimizer", "remove one")]
    [InlineData("spec: base.yaml", "spec: [a]",
        "s.yaml:1:1 spec: found a list, expected the file of a run spec, or a run spec", "name a file")]
    [InlineData("strategy: random", "strategy: random\nparallel: 0",
        "s.yaml:5:1 parallel: found 0, expected a whole number from 1 to 1000", "raise it")]
    public void Mistake_IsReported_WithItsPlaceAndWhatToDo(string from, string to, params string[] expected)
    {
        var document = Read(Sound.Replace(from, to, StringComparison.Ordinal));

        Assert.Null(document.Spec);
        Assert.All(expected, text => Assert.Contains(text, string.Join('\n', document.Problems), StringComparison.Ordinal));
    }

    [Fact]
    public void MistakeInTheSpec_IsReportedWithItsOwnPlace()
    {
        var broken = TestSpecs.Average().Written();
        var document = Reader.Parse(new(
            new(Sound, "s.yaml", "/"), broken with { Text = broken.Text.Replace("epochs: 2", "epochs: two", StringComparison.Ordinal) }));

        string problem = Assert.Single(document.Problems).ToString();
        Assert.StartsWith("s.yaml:1:1 train.epochs: found two (in spec.yaml:", problem, StringComparison.Ordinal);
    }

    private static SweepDocument Read(string text) => Reader.Parse(new(new(text, "s.yaml", "/"), TestSpecs.Average().Written()));
}
