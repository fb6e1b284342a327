using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>What is held out where it is not a share: files of its own, and rows from a border on.</summary>
public sealed class ValidationTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void TableOfItsOwn_IsScaledByWhatIsTrainedOn_AndDropsNoTarget()
    {
        string train = _directory.Write("train.csv", "when,a,b\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"t{i},{i},{-i}\n")));
        string later = _directory.Write(
            "later.csv", "b,a,other\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"{5 * i},{i * i},x\n")));
        using PreparedRun run = Prepare(new() { Source = new CsvSource { Path = train, Targets = ["b"] }, BatchSize = 3,
            Validation = new() { Source = new CsvSource { Path = later } } });

        (double mean, double deviation) = (19.5, Math.Sqrt(((40 * 40) - 1) / 12.0));
        Assert.Equal([train, later], run.Files.Select(file => file.Path));
        Assert.Equal([13, 13, 13], Lengths(run.Data.Training));
        Assert.Equal([4, 4, 3], Lengths(run.Data.Validation!));
        float[] inputs = run.Data.Validation!.Inputs(0, 2);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(((i * i) - mean) / deviation, inputs[2 * i], 1e-6);
            Assert.Equal(((5 * i) + mean) / deviation, inputs[(2 * i) + 1], 1e-6);
        }

        Assert.Equal(new("row 1", "row 12"), run.Description.Validation!.Border);
        Assert.Equal(5, run.Data.Validation!.Units!.NaiveRmse(0)!.Value, 1e-6);
        Assert.Equal(11, run.Description.Validation.Elements);
    }

    [Fact]
    public void MaskOfTheTrainingFiles_IsRefused_WhereOthersAreHeldOut()
    {
        foreach (string name in (string[])["x", "y", "m"])
            _directory.Write($"{name}.npy", NpyFiles.Of<float>("<f4", "4, 3, 1", new float[12]));
        string spec = _directory.Write("s.yaml", """
            model: {cell: lstm, hiddenSize: 2}
            data: {source: "npy:x.npy,y.npy", mask: m.npy, batchSize: 2, validation: {source: "npy:x.npy,y.npy"}}
            tbptt: {chunkLength: 3}
            train: {epochs: 1, loss: mse, optimizer: {name: sgd, lr: 0.1}}
            """);

        Assert.StartsWith(
            "found a mask, which the files of data.validation.source do not have, expected no mask where other files are held out",
            Assert.Single(SpecLoader.Load(spec, []).Problems).ToString().Split("data.mask: ")[1], StringComparison.Ordinal);
    }

    [Fact]
    public void TableOfItsOwn_HasTheFlagsOfWhatIsTrainedOn_WhereCellsAreMasked()
    {
        string Table(string name, int missing) => _directory.Write(name, "a,b\n" + string.Concat(
            Enumerable.Range(0, 12).Select(i =>
                (i == 3 && missing == 0 ? "" : $"{i}") + "," + (i == 5 && missing == 1 ? "\n" : $"{-i}\n"))));
        string train = Table("train.csv", 0), complete = Table("complete.csv", 2), other = Table("other.csv", 1);
        DataSpec Spec(string held) => new()
        {
            Source = new CsvSource { Path = train, MissingValues = MissingValues.Mask }, BatchSize = 1,
            Validation = new() { Source = new CsvSource { Path = held } },
        };

        using PreparedRun run = Prepare(Spec(complete));
        float[] inputs = run.Data.Validation!.Inputs(0, 3);
        Assert.All(Enumerable.Range(0, 11), row => Assert.Equal(1, inputs[(3 * row) + 2]));
        string problem = Assert.Single(Assert.Throws<SpecException>(() => Prepare(Spec(other)).Dispose()).Problems).ToString();
        Assert.StartsWith(
            $"data.validation.source: found 1 missing cell in column 'b', first at {other}:7, expected a number in every row, because",
            problem, StringComparison.Ordinal);
    }

    [Fact]
    public void BytesOfTheirOwn_AreAllValidatedOn()
    {
        string train = _directory.Write("a.txt", new string('a', 50)), held = _directory.Write("b.txt", "0123456789");
        using PreparedRun run = PreparedRun.Prepare(Given.Spec(
            Given.Bytes(train, lanes: 4) with { Validation = new() { Source = Given.Bytes(held).Source } },
            new() { Cell = new LstmCell(), HiddenSize = 2, Embedding = new() { Size = 2 } }, new CrossEntropy()));

        Assert.Equal("123456789", string.Concat(
            Enumerable.Range(0, 4).SelectMany(row => run.Data.Validation!.Classes(row)).Select(value => (char)value)));
        Assert.Equal(48, run.Description.Training.Steps);
        File.WriteAllText(held, "0123456780");
        Assert.Contains(held, run.FindChange(), StringComparison.Ordinal);
    }

    [Fact]
    public void SequencesOfTheirOwn_AreAllValidatedOn()
    {
        string Array(string name, int sequences, int width) =>
            _directory.Write(name, NpyFiles.Of<float>("<f4", $"{sequences}, 4, {width}", new float[sequences * 4 * width]));
        DataSpec data = Given.Npy(Array("x", 5, 2), Array("y", 5, 1));
        using PreparedRun run = Prepare(data with
        {
            Validation = new() { Source = new NpySource { Files = [Array("hx", 3, 2), Array("hy", 3, 1)] } },
        });

        Assert.Equal((5, 3), (run.Data.Training.Count, run.Data.Validation!.Count));
        Assert.Equal(4, run.Files.Count);
        Assert.Equal(
            $"data.validation.source: found inputs of 3 values a time step in {_directory.File("wx")}, {_directory.File("wy")}, "
            + "expected 2 values a time step, as in what is trained on; save both alike",
            Problem(data with { Validation = new() { Source = new NpySource { Files = [Array("wx", 3, 3), Array("wy", 3, 1)] } } }));
    }

    [Fact]
    public void Rows_AreHeldOut_FromABorderOn()
    {
        string path = _directory.Write("x.csv", "a\n" + string.Concat(Enumerable.Range(1, 100).Select(i => $"{i}\n")));
        using PreparedRun run = Prepare(Given.Csv(path, lanes: 2) with { Validation = new() { Row = 71 } });

        Assert.Equal((new("row 1", "row 70"), new("row 71", "row 100")),
            (run.Description.Training.Border!, run.Description.Validation!.Border!));
        Assert.Equal(71, run.Data.Validation!.Inputs(0)[0]);
        Assert.Equal(100, run.Data.Validation!.Targets(1)[^1]);
        Assert.StartsWith($"data.validation.row: found 101 with 100 rows in {path}, expected 2 to 100",
            Problem(Given.Csv(path) with { Validation = new() { Row = 101 } }), StringComparison.Ordinal);
    }

    [Fact]
    public void FilesOfTheirOwn_AreRefused_AtTheirKey()
    {
        string train = _directory.Write("train.csv", "a,b\n1,2\n3,4\n5,6\n"), other = _directory.Write("other.csv", "a\n1\n2\n");

        Assert.Equal(
            $"data.validation.source: found data.inputs 'b' with {other}, expected one of the file's columns: 'a'; correct the name",
            Problem(Given.Csv(train).From<CsvSource>(csv => csv with { Targets = ["a"] }) with
            {
                Validation = new() { Source = new CsvSource { Path = other } },
            }));
        Assert.Matches("^data.validation.source: found no file '/nowhere.csv'", Problem(
            Given.Csv(train) with { Validation = new() { Source = new CsvSource { Path = "/nowhere.csv" } } }));
        Assert.Single(new DataRoots([_directory.Path]).Check(Given.Spec(
            Given.Csv(train) with { Validation = new() { Source = new CsvSource { Path = "/etc/passwd" } } })));
    }

    [Fact]
    public void Section_IsReadAndWritten()
    {
        const string Lines = "  source: csv:x.csv\n  validation: {source: \"csv:y.csv\"}";
        RunSpec spec = SpecFixture.Sound(SpecFixture.Sine.With(Lines));

        Assert.Equal(new HeldOutSpec { Source = new CsvSource { Path = "/base/y.csv" } }, spec.Data.Validation);
        Assert.Equal(spec, SpecLoader.Parse(SpecWriter.ToYaml(spec), "spec.yaml", "/", filesMustExist: false).Spec);
        Assert.Equal(7, SpecFixture.Sound(SpecFixture.Sine.With(Lines), "data.validation={row: 7}").Data.Validation!.Row);
    }

    [Theory]
    [InlineData("csv:x.csv", "{}", "data.validation: found no source, fraction, row or from, expected one of source, fraction, row and ")]
    [InlineData("csv:x.csv", "{source: \"csv:y\", row: 3}", "data.validation.row: found row together with source, expected one of ")]
    [InlineData("csv:x.csv", "{source: \"npy:y,z\"}", "data.validation.source: found npy, expected csv, as data.source; ")]
    [InlineData("csv:x.csv", "{source: sine}", "data.validation.source: found sine, expected csv:PATH, ")]
    [InlineData("npy:x,y", "{row: 3}", "data.validation.row: found a row with source npy of several sequences, expected one long stream; ")]
    [InlineData("csv:x.csv\n  validationFraction: 0.2", "{row: 3}", "data.validation: found it together with validationFraction 0.2, ")]
    public void Section_IsRefused_WhenItIsNotOneThing(string source, string section, string problem) => Assert.Contains(
        problem, SpecFixture.Problem(SpecFixture.Sine.With($"  source: {source}\n  validation: {section}")), StringComparison.Ordinal);

    private static PreparedRun Prepare(DataSpec data) => PreparedRun.Prepare(Given.Spec(data));

    private static string Problem(DataSpec data) =>
        Assert.Single(Assert.Throws<SpecException>(() => Prepare(data).Dispose()).Problems).ToString();

    private static int[] Lengths(ISequenceSet set) => [.. Enumerable.Range(0, set.Count).Select(set.Length)];
}
