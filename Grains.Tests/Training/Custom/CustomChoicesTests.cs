using Orleans.Tbptt.Data.Custom;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Custom;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.Custom;

public sealed class CustomChoicesTests
{
    /// <summary>A ramp, whose next value is the target.</summary>
    internal const string Spec = """
        name: ramp
        seed: 5
        model: {cell: gru, hiddenSize: 6}
        data: {source: custom/ramp, batchSize: 2, validationFraction: 0.25}
        tbptt: {chunkLength: 5}
        train: {trainers: 2, epochs: 2, loss: custom/half-square, optimizer: {name: sgd, lr: 0.1}}
        """;

    internal static CustomChoices Fill(CustomChoices choices) => choices
        .AddSequenceSource("ramp", spec => [.. Enumerable.Range(0, 8).Select(Ramp)])
        .AddLoss("half-square", (output, target) => ((output - target) * (output - target) / 2, output - target));

    [Fact]
    public void OwnSourceAndLoss_AreTrainedOn()
    {
        var spec = Read(Fill(new()), Spec).Spec!;
        List<double> losses = [];

        using var run = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        Assert.Null(trainer.Train(onEpoch: (_, loss, validation) => losses.AddRange([loss, validation!.Value])));

        Assert.Equal((1, 1), (run.Spec.Model.InputSize, run.Spec.Model.OutputSize));
        Assert.Equal((6, 2), (run.Data.Training.Count, run.Data.Validation!.Count));
        Assert.InRange(losses[2], double.Epsilon, losses[0]);
    }

    /// <summary>Half the squared error has half the gradient: with twice the rate the same bits, as powers of two round nothing.</summary>
    [Fact]
    public void OwnLoss_GivesTheParametersOfTheBuiltInOne()
    {
        var half = Read(Fill(new()), Spec).Spec!;
        var whole = Read(Fill(new()), Spec.Replace("custom/half-square", "mse", StringComparison.Ordinal)
            .Replace("lr: 0.1", "lr: 0.05", StringComparison.Ordinal)).Spec!;

        Assert.Equal(Oracle.Of(whole).State.Parameters.ToArray(), Oracle.Of(half).State.Parameters.ToArray());
    }

    [Fact]
    public void Spec_IsWrittenAndReadAgain()
    {
        var choices = Fill(new());
        var spec = Read(choices, Spec).Spec!;

        string written = SpecWriter.ToYaml(spec);

        Assert.Contains("source: custom/ramp\n", written, StringComparison.Ordinal);
        Assert.Contains("loss: custom/half-square\n", written, StringComparison.Ordinal);
        Assert.Equal(spec, Read(choices, written).Spec);
    }

    [Fact]
    public void Misspelt_ListsWhatThereIs()
    {
        var problem = Assert.Single(Read(Fill(new()), Spec.Replace("custom/ramp", "custom/rmap", StringComparison.Ordinal)).Problems);

        Assert.Contains("custom/ramp", problem.Expected, StringComparison.Ordinal);
        Assert.Equal("did you mean custom/ramp?", problem.Remedy);
    }

    /// <summary>As the console does, which has no such program's choices.</summary>
    [Fact]
    public void Unknown_IsRefused_WithWhoKnowsIt()
    {
        var problems = SpecLoader.Parse(Spec, "ramp.yaml", "/").Problems;

        Assert.Equal(["data.source", "train.loss"], problems.Select(problem => problem.Key));
        Assert.All(problems.Select(problem => problem.Remedy),
            remedy => Assert.Contains("silos of the program that adds this one", remedy, StringComparison.Ordinal));
    }

    [Fact]
    public void Additions_AreRefused_AfterTheFirstRead_AndTwice()
    {
        var choices = Fill(new());
        Assert.Throws<InvalidOperationException>(() => Fill(choices));
        _ = choices.Reader;
        Assert.Throws<InvalidOperationException>(() => choices.AddLoss("late", (_, _) => (0, 0)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Ramp")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    public void Names_AreShortWords(string name) =>
        Assert.Throws<ArgumentException>(() => new CustomChoices().AddLoss(name, (_, _) => (0, 0)));

    [Fact]
    public void WrongSequences_AreNamed()
    {
        var choices = new CustomChoices().AddSequenceSource("bad", _ =>
            [new([[1], [2]], [[1], [2]]), new([[1], [2]], [[1]]), new([[float.NaN], [2]], [[1], [2]])]);
        var spec = Read(choices, Spec.Replace("custom/ramp", "custom/bad", StringComparison.Ordinal)
            .Replace("custom/half-square", "mse", StringComparison.Ordinal)).Spec!;

        var refused = Assert.Throws<SpecException>(() => PreparedRun.Prepare(spec));

        Assert.Equal(["custom/bad, sequence 1", "custom/bad, sequence 2"], refused.Problems.Select(problem => problem.Found));
    }

    private static TimeSeries Ramp(int sequence)
    {
        float[] values = [.. Enumerable.Range(0, 13).Select(step => ((step * (sequence + 1)) % 10) / 10f)];
        return new([.. values[..^1].Select(value => new[] { value })], [.. values[1..].Select(value => new[] { value })]);
    }

    private static SpecDocument Read(CustomChoices choices, string text) => choices.Reader.Parse(new(text, "ramp.yaml", "/"));
}
