using Apache.Arrow;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>Columns of classes: <c>data.categorical</c>.</summary>
public sealed class TableClassTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Classes_AreThoseOfTheRowsToTrainOn_AndOthersAreUnknown()
    {
        object?[] colours = ["red", "blue", null, "red", "blue", "green", null, "blue"];
        using IDataSource source = Open(Table(colours) with { MissingValues = MissingValues.Mask }, 0.5);
        Assert.Equal(new(1, 0, 1, 0) { Categories = [new("colour", 4)] }, source.Shape);
        Assert.Equal([1, 2, 3], source.Training.Tokens(0));
        Assert.Equal([2, 0, 3], source.Validation!.Tokens(0));
        Assert.Equal([0f, 1, 2], source.Training.Inputs(0));
        var column = source.Description.Columns[1];
        Assert.Equal(
            [new("<unknown>", 0), new("red", 2), new("blue", 1), new ClassDescription("<missing>", 1)], column.Classes);
        Assert.Equal(("colour", "class", 6, 2, 3), (column.Name, column.Use, column.Count, column.Missing, column.Distinct));
        Assert.Equal(["x", "colour"], source.Description.Inputs);
        Assert.Contains(
            "1 text of column 'colour', such as 'green', stands in no row to train on, and is read as <unknown>",
            source.Description.Remarks);
        Assert.Contains("column 'colour' is <unknown> in 1 of 8 rows", source.Description.Remarks);
    }

    /// <summary>Programs write a column of whole numbers with a decimal where a cell is missing.</summary>
    [Fact]
    public void WholeNumbersOfOneValue_AreOneClass()
    {
        object?[] codes = ["1", "2.0", "1.0", "01", "2", "-1.", "v1.0", "1.00"];
        using IDataSource source = Open(Table(codes));
        Assert.Equal([1, 2, 1, 3, 2, 4, 5], source.Training.Tokens(0));
        Assert.Equal(
            ["<unknown>", "1", "2", "01", "-1", "v1.0"], source.Description.Columns[1].Classes.Select(one => one.Name));
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void ClassesAlone_AreInputs(string engine)
    {
        string path = _directory.Write("a.csv", "x,colour\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i % 3},c{i % 3}\n")));
        var source = new CsvSource { Path = path, Inputs = ["colour"], Targets = ["x"], Categorical = ["colour"] };
        RunSpec spec = Given.Spec(new() { Source = source, BatchSize = 2, ValidationFraction = 0.2 });
        spec = (spec with { Train = spec.Train with { Epochs = 60, Optimizer = new Adam { Lr = 3e-2 } } }).OnEngine(engine);
        using var run = PreparedRun.Prepare(spec);
        Assert.Equal((0, 3), (run.Data.Shape.InputFeatures, run.Spec.Model.InputSize));
        Assert.Equal([1, 2, 3, 1], run.Data.Training.Tokens(0)[..4]);
        using var again = PreparedRun.Prepare(run.Spec);
        Assert.Equal(run.Spec, again.Spec);
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        double before = trainer.Evaluate()!.Value;

        Assert.Null(trainer.Train());

        Assert.True(trainer.Evaluate()!.Value < before / 10);
    }

    [Fact]
    public void ClassesAlone_NeedATarget() => Assert.Equal(
        "data.targets: found inputs alone that are classes, expected a column to forecast; name it",
        Problem(Table(["red", "blue", "red", "blue"]) with { Inputs = ["colour"] }));

    [Fact]
    public void MissingClass_IsUnknown_WhereNoRowToTrainOnMissesIt_AndRefusedWithoutAPolicy()
    {
        object?[] colours = ["red", "blue", "red", "red", null, "blue", "red", "red"];
        using IDataSource source = Open(Table(colours) with { MissingValues = MissingValues.Forward }, 0.5);
        Assert.Equal([0, 2, 1], source.Validation!.Tokens(0));
        Assert.StartsWith(
            "data.source: found an empty cell in column 'colour' at row 4, expected a text or a whole number; write data.missingValues: "
            + "mask",
            Problem(Table(colours)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void KnownClass_IsReadFromTheTargetsRow(int horizon)
    {
        object?[] colours = [.. Enumerable.Range(0, 12).Select(i => $"c{i % 4}")];
        using IDataSource source = Open(Table(colours) with { Known = ["colour"], Horizon = horizon });
        Assert.Equal("known class", source.Description.Columns[1].Use);
        Assert.Equal([.. Enumerable.Range(horizon, 12 - horizon).Select(i => 1L + (i % 4))], source.Training.Tokens(0));
    }

    [Fact]
    public void ColumnOfSeries_MayBeOneOfClasses()
    {
        object?[][] rows = [.. Enumerable.Range(0, 12).Select(i => new object?[] { i % 3 == 0 ? "a" : "b", (double)i, $"{i % 3 / 2}" })];
        using IDataSource source = Open(new()
        {
            Names = ["id", "x", "other"], Types = [CellType.Text, null, CellType.Text], Rows = rows, Series = "id", Static = ["id"],
            Categorical = ["id", "other"],
        });
        Assert.Equal((2, 3), (source.Training.Count, source.Training.Length(0)));
        var codes = new long[2 * 7];
        source.Training.ReadInputs(new(1, 0, 7), codes);
        Assert.Equal([2, 1, 2, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 1], codes);
        Assert.Equal("static class", source.Description.Columns[1].Use);
    }

    [Fact]
    public void OwnValidation_HasTheClassesOfWhatIsTrainedOn()
    {
        string first = _directory.Write("a.csv", "x,colour\n1,red\n2,blue\n3,red\n4,red\n");
        string later = _directory.Write("b.csv", "x,colour\n5,green\n6,red\n7,blue\n8,green\n");
        DataSpec data = new()
        {
            Source = new CsvSource { Path = first, Categorical = ["colour"] }, BatchSize = 1,
            Validation = new() { Source = new CsvSource { Path = later } },
        };
        using var run = PreparedRun.Prepare(Given.Spec(data));
        Assert.Equal([0, 1, 2], run.Data.Validation!.Tokens(0));
        Assert.Equal([new("colour", 3)], run.Data.Shape.Categories);
        Assert.Contains(
            $"validation, {later}: 1 text of column 'colour', such as 'green', stands in no row to train on, and is read as <unknown>",
            run.Description.Contents.Remarks);
        Assert.Contains($"validation, {later}: column 'colour' is <unknown> in 2 of 4 rows", run.Description.Contents.Remarks);

        File.WriteAllText(later, "x,colour\n5,Red\n6,Red\n7,Blue\n");
        Assert.StartsWith(
            "data.validation.source: found no row with a known class in column 'colour', but 'Red', expected one of those that are trained "
            + "on: 'red', 'blue'; write classes as in what is trained on",
            Assert.Throws<SpecException>(() => PreparedRun.Prepare(Given.Spec(data))).Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    [InlineData("arrow")]
    public void WholeNumbers_AreClasses_InEveryFormat(string format)
    {
        using RecordBatch batch = FormatFiles.Numbers(0, 9);
        string path = _directory.File($"x.{format}");
        TableSource source = format switch
        {
            "parquet" => new ParquetSource { Path = FormatFiles.Parquet(path, [batch]) },
            "arrow" => new ArrowSource { Path = FormatFiles.Arrow(path, [batch]) },
            "csv" => new CsvSource
            {
                Path = _directory.Write("x.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 9).Select(i => $"{i},{i}\n"))),
            },
            _ => new JsonLinesSource
            {
                Path = _directory.Write("x.jsonl", string.Concat(Enumerable.Range(0, 9).Select(i => $"{{\"a\": {i}, \"b\": {i}}}\n"))),
            },
        };
        using IDataSource opened = Given.Open(new()
        {
            Source = source with { Inputs = ["b"], Categorical = ["a"], Standardize = false }, BatchSize = 1,
        });
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], opened.Training.Tokens(0));
        Assert.Equal(["<unknown>", "0", "1"], opened.Description.Columns[1].Classes.Take(3).Select(one => one.Name));
    }

    [Fact]
    public void Column_IsRefused_WhoseCellsAreNoClasses()
    {
        Assert.Equal(
            "data.categorical: found '1.5' in column 'colour', expected texts or whole numbers as classes; remove it from "
            + "data.categorical: it is one of numbers", Problem(Table(["1", "1.5", "2", "3"])));
        Assert.StartsWith(
            "data.categorical: found '<unknown>' in column 'colour', expected another text", Problem(Table(["a", "<unknown>", "b"])),
            StringComparison.Ordinal);
        using IDataSource ids = Open(Table([.. Enumerable.Range(0, 9).Select(i => $"id {i}")]));
        Assert.Contains(
            "column 'colour' has 9 classes in 9 rows to train on: a model learns little of classes that do not repeat",
            ids.Description.Remarks);
    }

    /// <summary>The rule of fastai's tabular models, whose figures these are.</summary>
    [Theory]
    [InlineData(2, 2)]
    [InlineData(5, 4)]
    [InlineData(13, 7)]
    [InlineData(100, 21)]
    [InlineData(1116, 81)]
    [InlineData(1_000_000, 600)]
    public void VectorsLength_FollowsTheRule(int classes, int size) => Assert.Equal(size, EmbeddingSize.Of(classes));

    [Fact]
    public void Sizes_AreFilledIn_AndOfTheSameModelWhenResolvedAgain()
    {
        string path = _directory.Write("a.csv", "x,colour,shape\n1,red,0\n2,blue,1\n3,red,0\n4,red,1\n5,red,0\n");
        RunSpec spec = Given.Spec(new()
        {
            Source = new CsvSource { Path = path, Categorical = ["colour", "shape"] }, BatchSize = 1,
        }) with { Model = Given.Spec(Given.Csv(path)).Model with { Embeddings = new([new("shape", 6)]) } };
        using var run = PreparedRun.Prepare(spec);
        Assert.Equal(new([new("colour", 3), new("shape", 6)]), run.Spec.Model.Embeddings);
        Assert.Equal(new([new("colour", 3), new("shape", 3)]), run.Spec.Model.Classes);
        Assert.Equal(10, run.Spec.Model.InputSize);
        Assert.Equal(
            ["embedding.colour.weight", "embedding.shape.weight", "rnn.weight_ih_l0"],
            ParameterLayout.Of(run.Spec.Model).Slots.Take(3).Select(slot => slot.Name));
        using var again = PreparedRun.Prepare(run.Spec);
        Assert.Equal(run.Spec, again.Spec);
        Assert.Equal(["x"], ((CsvSource)run.Spec.Data.Source).Inputs);
    }

    /// <summary>A class that no row to train on has adds nothing to the inputs of the network, whatever the optimizer does.</summary>
    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void UnknownClass_HasTheVectorZero_AlsoAfterTraining(string engine)
    {
        string path = _directory.Write("a.csv", "x,colour\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i % 7},c{i % 3}\n")));
        RunSpec spec = Given.Spec(new() { Source = new CsvSource { Path = path, Categorical = ["colour"] }, BatchSize = 2 });
        spec = (spec with { Train = spec.Train with { Epochs = 3, Optimizer = new AdamW { Lr = 1e-2 } } }).OnEngine(engine);
        using var run = PreparedRun.Prepare(spec);
        using var trainer = new SingleProcessTrainer(run.Spec, run.Data, () => Engine.Open(run.Spec, DeviceName.Cpu));
        ParameterSlot table = trainer.State.Layout.Slots[0];
        float[] before = trainer.State.Parameters.AsSpan(0, table.Length).ToArray();

        Assert.Null(trainer.Train());

        ReadOnlySpan<float> after = trainer.State.Parameters.AsSpan(0, table.Length);
        Assert.Equal(("embedding.colour.weight", 4), (table.Name, table.Shape[0]));
        for (int i = 0; i < table.Length; i++)
        {
            bool isUnknown = i < table.Shape[1];
            Assert.Equal((isUnknown, isUnknown), (before[i] == 0, after[i] == before[i]));
        }
    }

    [Fact]
    public void Sizes_AreRefused_OfNoColumnOfClasses_AndTooSmall()
    {
        string path = _directory.Write("a.csv", "x,colour\n1,red\n2,blue\n3,red\n4,red\n5,red\n");
        DataSpec data = new() { Source = new CsvSource { Path = path, Categorical = ["colour"] }, BatchSize = 1 };
        var model = Given.Spec(data).Model;
        Assert.Equal(
            "model.embeddings: found 'color', expected columns of data.categorical: 'colour'; remove it, or add it there",
            Refusal(data, model with { Embeddings = new([new("color", 3)]) }));
        Assert.Equal(
            "model.classes: found 2 of column 'colour', expected at least 3, its classes in the rows to train on and <unknown>; raise it, "
            + "or leave it out", Refusal(data, model with { Classes = new([new("colour", 2)]) }));
        Assert.Equal(
            "model.inputSize: found 2, expected 4, the inputs and the vectors of columns of classes; correct it, or leave it out",
            Refusal(data, model with { InputSize = 2 }));
    }

    private static string Refusal(DataSpec data, ModelSpec model) => Assert.Single(Assert.Throws<SpecException>(
        () => PreparedRun.Prepare(Given.Spec(data, model), DataRoots.Anywhere).Dispose()).Problems).ToString();

    private static MemorySource Table(object?[] colours) => new()
    {
        Names = ["x", "colour"], Types = [null, CellType.Text], Categorical = ["colour"],
        Rows = [.. colours.Select((colour, i) => new object?[] { (double)i, colour })],
    };

    private IDataSource Open(MemorySource source, double fraction = 0) => Given.Open(source.In(_directory, fraction));

    private string Problem(MemorySource source) => Given.Problem(source.In(_directory));
}
