using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>What is said of the data of a run.</summary>
public sealed class DescriptionTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Table_IsDescribed_ByColumnsPartsAndLanes()
    {
        string path = _directory.Write(
            "x.csv", "when,a,b\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"t{i},{i ^ 1},{-(i ^ 1)}\n")));
        using var run = PreparedRun.Prepare(Given.Spec(Given.Csv(path, lanes: 2, fraction: 0.2, standardize: true)
            .From<CsvSource>(csv => csv with { Targets = ["b"] })));

        DataDescription data = run.Description;
        Assert.Equal(("csv", 2, 1), (data.Source, data.InputFeatures, data.TargetFeatures));
        Assert.Equal([path], data.Paths);
        Assert.Equal(["a", "b"], data.Contents.Inputs);
        Assert.Equal(["b"], data.Contents.Targets);
        Assert.Equal("when", Assert.Single(data.Contents.LeftOut).Name);
        Assert.Equal(new(2, 78, 39, 39, new("row 1", "row 80")), data.Training);
        Assert.Equal(new(2, 19, 9, 10, new("row 81", "row 100")) { Elements = 19 }, data.Validation);
        Assert.Equal(new(2, 4, 0), data.Lanes);
        Assert.Equal(["input", "input, target"], data.Contents.Columns.Select(column => column.Use));
        Assert.Equal([39.5, -39.5], data.Contents.Columns.Select(column => column.ScaleMean!.Value));
        Assert.Equal(
            "csv x.csv: 2 inputs (a, b), 1 target (b); left out when; trained on 2 × 39 time steps (row 1 to row 80); "
            + "held out 2 × 9 to 10 time steps (row 81 to row 100)", data.Summary);
    }

    [Fact]
    public void Sequences_OfUnlikeLengths_LeaveLanesIdle()
    {
        string inputs = _directory.Write("x.npy", NpyFiles.Of<float>("<f4", "3, 40", new float[120]));
        string targets = _directory.Write("y.npy", NpyFiles.Of<float>("<f4", "3, 40", new float[120]));
        string lengths = _directory.Write("n.npy", NpyFiles.Of<long>("<i8", "3,", 40, 7, 11));
        using var run = PreparedRun.Prepare(Given.Spec(Given.Npy(inputs, targets, lengths)));

        // Lane 0 has 4 chunks, lane 1 has 1 and 2.
        Assert.Equal(new(2, 4, 1.0 / 8), run.Description.Lanes);
        Assert.Equal(new(3, 58, 7, 40, new("sequence 1", "sequence 3")), run.Description.Training);
        Assert.Contains("; lanes idle 12.5 %; ", run.Description.Summary, StringComparison.Ordinal);
        Assert.Null(run.Description.Validation);
    }

    /// <summary>A written spec says what was read, and reads the same again.</summary>
    [Fact]
    public void Columns_AreFilledIn_AndTheFilledSpecIsTheSameTraining()
    {
        string path = _directory.Write("x.csv", "when,a,b\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"t{i},{i},{i * i}\n")));
        RunSpec asked = Given.Spec(Given.Csv(path, standardize: true));
        using var run = PreparedRun.Prepare(asked);

        var source = (CsvSource)run.Spec.Data.Source;
        Assert.Equal(["a", "b"], source.Inputs);
        Assert.Equal(["a", "b"], source.Targets);
        Assert.Contains("  inputs: [a, b]\n  targets: [a, b]\n", SpecWriter.ToYaml(run.Spec), StringComparison.Ordinal);

        RunSpec written = SpecLoader.Parse(SpecWriter.ToYaml(run.Spec), "spec.yaml", "/").Spec!;
        using var again = PreparedRun.Prepare(written);
        Assert.Equal(run.Spec, again.Spec);
        Assert.Equal(SpecHash.Of(run.Spec), SpecHash.Of(again.Spec));
        Bits.Same(run.Data.Training.Inputs(0, 2), again.Data.Training.Inputs(0, 2));
        Bits.Same(run.Data.Training.Targets(0, 2), again.Data.Training.Targets(0, 2));
    }

    [Fact]
    public void Data_ComeBackFromTheirDocument()
    {
        var data = new RunData([new("/d.csv", 12, new('a', 64))], new()
        {
            Source = "csv", Paths = ["/d.csv"], InputFeatures = 1, TargetFeatures = 1, Training = new(1, 9, 9, 9, new("row 1", "row 10")),
            Lanes = new(1, 1, 0), Memory = new(1, 2),
            Contents = new() { Columns = [new() { Name = "a", Mean = 1 / 3.0, ScaleDeviation = double.Epsilon, Histogram = [1, 0, 2],
                Suspects = [new(-9999, 4)] }] },
        });

        RunData read = RunJson.ReadData(RunJson.Write(data));

        Assert.Equal(RunJson.Write(data), RunJson.Write(read));
        var column = read.Description!.Contents.Columns[0];
        Assert.Equal((1 / 3.0, double.Epsilon), (column.Mean, column.ScaleDeviation));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"files\": [{\"path\": \"/d.csv\"}]}")]
    [InlineData("{\"files\": [")]
    [InlineData("[]")]
    public void Document_ThatIsNone_IsRefused(string text) =>
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => RunJson.ReadData(text));
}
