using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>What is held out for validation and for the test: by shares, rows, times, and files of their own.</summary>
public sealed class HeldOutTests : IDisposable
{
    private const string Training = "row 1, 2020-01-01 to row 70, 2020-03-10";
    private const string Validation = "row 71, 2020-03-11 to row 90, 2020-03-30";
    private const string Test = "row 91, 2020-03-31 to row 100, 2020-04-09";

    private static readonly DateTime Start = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Test_IsTheEndOfAStream_BehindValidation()
    {
        using PreparedRun run = Prepare(Given.Csv(Days("x", 100), lanes: 2, fraction: 0.2) with { Test = new() { Fraction = 0.1 } });

        Borders(run, Training, Validation, Test);
        Assert.Equal((69, 19, 9), (Steps(run.Data.Training) + 1, Steps(run.Data.Validation!), Steps(run.Data.Test!)));
        Assert.Equal([90f, 91, 92, 93, 94], run.Data.Test!.Inputs(0));
        Assert.Equal(99, run.Data.Test!.Targets(1)[^1]);
        Assert.Equal(9, run.Description.Test!.Elements);
        Assert.Contains($"; tested at the end on 2 × 4 to 5 time steps ({Test})", run.Description.Summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2020-03-11", "2020-03-31")]
    [InlineData("2020-03-10 12:00", "2020-03-30T00:00:01Z")]
    public void Borders_OfTime_AreThoseOfTheFirstRowAtThem(string validation, string test)
    {
        foreach (bool isNewestFirst in (bool[])[false, true])
        {
            using PreparedRun run = Prepare(Timed(Days("x", 100, isNewestFirst: isNewestFirst)) with
            {
                Validation = new() { From = validation }, Test = new() { From = test },
            });

            Borders(run, Training, Validation, Test);
            Assert.Equal(70, run.Data.Validation!.Inputs(0)[0]);
            Assert.Equal(90, run.Data.Test!.Inputs(0)[0]);
        }
    }

    [Fact]
    public void BorderOfTime_IsOneOfEachSeries()
    {
        string early = Rows("early", 10, 0), late = Rows("late", 10, 5);
        string path = _directory.Write("x.csv", "id,day,x\n" + early + late);
        DataSpec data = Timed(path, "day").From<CsvSource>(csv => csv with { Series = "id", Inputs = ["x"], Targets = ["x"] });
        using PreparedRun run = Prepare(data with
        {
            BatchSize = 1, Validation = new() { From = "2020-01-07" }, Test = new() { From = "2020-01-10" },
        });

        Assert.Equal([5, 0], Enumerable.Range(0, 2).Select(i => i < run.Data.Training.Count ? run.Data.Training.Length(i) : 0));
        Assert.Equal(["early", "late"], Names(run.Data.Validation!));
        Assert.Equal(["late"], Names(run.Data.Test!));
        Assert.Equal([6f, 7], run.Data.Validation!.Inputs(0));
        Assert.Equal([1f, 2], run.Data.Validation!.Inputs(1));
        Assert.Equal([4f, 5, 6, 7, 8], run.Data.Test!.Inputs(0));

        static string Rows(string id, int count, int from) => string.Concat(Enumerable.Range(0, count).Select(
            i => string.Create(CultureInfo.InvariantCulture, $"{id},{Start.AddDays(from + i):yyyy-MM-dd},{i}\n")));

        static IEnumerable<string?> Names(ISequenceSet set) => Enumerable.Range(0, set.Count).Select(set.SeriesOf);
    }

    [Fact]
    public void ColumnOfNumbers_HasBordersOfNumbers()
    {
        string path = _directory.Write("x.csv", "t,x\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"{0.5 * i},{i}\n")));
        using PreparedRun run = Prepare(Timed(path, "t").From<CsvSource>(csv => csv with { Inputs = ["x"], Targets = ["x"] }) with
        {
            BatchSize = 1, Validation = new() { From = "7.5" },
        });

        Assert.Equal([15f, 16, 17, 18], run.Data.Validation!.Inputs(0));
        Assert.Null(run.Data.Test);
    }

    [Fact]
    public void Test_OfItsOwnFiles_IsScaledAndPinned_AsValidationIs()
    {
        string train = Days("train", 60), later = Days("later", 20), last = Days("last", 12);
        using PreparedRun run = Prepare(Given.Csv(train, lanes: 2, standardize: true) with
        {
            Validation = new() { Source = new CsvSource { Path = later } }, Test = new() { Source = new CsvSource { Path = last } },
        });

        double mean = 29.5, deviation = Math.Sqrt(((60 * 60) - 1) / 12.0);
        Assert.Equal([train, later, last], run.Files.Select(file => file.Path));
        Assert.Equal((19, 11), (Steps(run.Data.Validation!), Steps(run.Data.Test!)));
        Assert.Equal((3 - mean) / deviation, run.Data.Test!.Inputs(0)[3], 1e-6);
        Borders(run, "row 1, 2020-01-01 to row 60, 2020-02-29", "row 1, 2020-01-01 to row 20, 2020-01-20",
            "row 1, 2020-01-01 to row 12, 2020-01-12");
        File.AppendAllText(last, "2021-01-01,5\n");
        Assert.Contains(last, run.FindChange(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sequences_AreHeldOut_ForBothParts()
    {
        DataSpec data = Given.Synthetic("sine", sequences: 50, length: 8, fraction: 0.2) with { Test = new() { Fraction = 0.1 } };
        using IDataSource sine = Given.Open(data);
        using IDataSource all = Given.Open(Given.Synthetic("sine", sequences: 50, length: 8));

        Assert.Equal((35, 10, 5), (sine.Training.Count, sine.Validation!.Count, sine.Test!.Count));
        Assert.Equal(all.Training.Inputs(35), sine.Validation.Inputs(0));
        Assert.Equal(all.Training.Inputs(49), sine.Test.Inputs(4));
        Assert.Equal(new Border("sequence 46", "sequence 50"), sine.Description.Test);
    }

    [Fact]
    public void Arrays_AreHeldOut_AsSequencesAndAsAStream()
    {
        float[] numbers = [.. Enumerable.Range(0, 40).Select(i => (float)i)];
        DataSpec sequences = Given.Npy(
            _directory.Write("x.npy", NpyFiles.Of<float>("<f4", "10, 4, 1", numbers)),
            _directory.Write("y.npy", NpyFiles.Of<float>("<f4", "10, 4, 1", numbers))) with
        {
            ValidationFraction = 0.2, Test = new() { Fraction = 0.1 },
        };
        DataSpec stream = Given.Npy(
            _directory.Write("u.npy", NpyFiles.Of<float>("<f4", "40, 1", numbers)),
            _directory.Write("v.npy", NpyFiles.Of<float>("<f4", "40, 1", numbers))).As(ArrayLayout.Stream) with
        {
            Validation = new() { Row = 21 }, Test = new() { Row = 31 },
        };

        using IDataSource independent = Given.Open(sequences);
        using IDataSource one = Given.Open(stream);

        Assert.Equal((7, 2, 1), (independent.Training.Count, independent.Validation!.Count, independent.Test!.Count));
        Assert.Equal([36f, 37, 38, 39], independent.Test.Targets(0));
        Assert.Equal([20f, 21, 22, 23, 24], one.Validation!.Inputs(0));
        Assert.Equal([35f, 36, 37, 38, 39], one.Test!.Targets(1));
        Assert.Equal(new Border("time step 31", "time step 40"), one.Description.Test);
    }

    [Fact]
    public void Bytes_AreHeldOut_ForBothParts()
    {
        string path = _directory.Write("a.txt", "abcdefghijklmnopqrstuvwxyz0123");
        DataSpec data = Given.Bytes(path, lanes: 1, fraction: 0.2) with { Test = new() { Fraction = 0.1 } };
        using IDataSource source = Given.Open(data, Given.Embedding);

        Assert.Equal("wxyz0", string.Concat(source.Validation!.Classes(0).Select(value => (char)value)));
        Assert.Equal("23", string.Concat(source.Test!.Classes(0).Select(value => (char)value)));
    }

    [Theory]
    [InlineData("2020-03-31", "2020-03-11", "data.validation.from: found 2020-03-31, which is not before data.test.from 2020-03-11")]
    [InlineData("11.03.2020", "2020-03-31", "data.validation.from: found '11.03.2020', expected a time such as 2016-01-31 or ")]
    [InlineData("2020-03-11", "2030-01-01", "data.test.from: found 2030-01-01, which holds out 0 rows of 100, expected at least 2 rows")]
    [InlineData("2019-01-01", "2020-03-11", "data.validation.from: found 2019-01-01, which leaves no row of ")]
    public void BorderOfTime_IsRefused_WhereAPartHasNothing(string validation, string test, string problem) => Assert.StartsWith(
        problem, Problem(Timed(Days("x", 100)) with { Validation = new() { From = validation }, Test = new() { From = test } }),
        StringComparison.Ordinal);

    [Fact]
    public void Sequences_AreRefused_WhereNoneIsLeft() => Assert.StartsWith(
        "data.validationFraction: found 0.5, which with data.test.fraction 0.5 holds out 10 of 10 sequences, expected at least one",
        Given.Problem(Given.Synthetic("sine", sequences: 10, fraction: 0.5) with { Test = new() { Fraction = 0.5 } }),
        StringComparison.Ordinal);

    [Fact]
    public void Sections_AreReadAndWritten()
    {
        const string Lines = "  source: csv:x.csv\n  time: when\n  validation: {from: 2016-01-01}\n  test: {fraction: 0.1}";
        RunSpec spec = SpecFixture.Sound(SpecFixture.Sine.With(Lines));

        Assert.Equal((new HeldOutSpec { From = "2016-01-01" }, new HeldOutSpec { Fraction = 0.1 }), (spec.Data.Validation, spec.Data.Test));
        Assert.Equal(spec, SpecLoader.Parse(SpecWriter.ToYaml(spec), "spec.yaml", "/", filesMustExist: false).Spec);

        RunSpec numbers = SpecFixture.Sound(SpecFixture.Sine.With(Lines.Replace("2016-01-01", "60.5", StringComparison.Ordinal)));
        Assert.Equal("60.5", numbers.Data.Validation!.From);
        Assert.Equal(numbers, SpecLoader.Parse(SpecWriter.ToYaml(numbers), "spec.yaml", "/", filesMustExist: false).Spec);
    }

    [Theory]
    [InlineData("csv:x.csv", "{}", "data.test: found no source, fraction, row or from, expected one of source, fraction, row and from; ")]
    [InlineData("csv:x.csv", "{fraction: 0.1, row: 3}", "data.test.row: found row together with fraction, expected one of ")]
    [InlineData("csv:x.csv", "{from: 2016-01-01}", "data.test.from: found a time with source csv without a column of time, ")]
    [InlineData("npy:x,y", "{row: 3}", "data.test.row: found a row with source npy of several sequences, expected one long stream; write ")]
    [InlineData("csv:x.csv", "{source: \"npy:y,z\"}", "data.test.source: found npy, expected csv, as data.source; ")]
    public void Section_IsRefused_WhenItIsNotOneThing(string source, string section, string problem) => Assert.Contains(
        problem, SpecFixture.Problem(SpecFixture.Sine.With($"  source: {source}\n  test: {section}")), StringComparison.Ordinal);

    [Fact]
    public void Files_OfTheTest_AreRefusedAtTheirKey()
    {
        DataSpec Data(string path) => Given.Csv(Days("x", 20)) with { Test = new() { Source = new CsvSource { Path = path } } };

        Assert.StartsWith("data.test.source: found no file '/nowhere.csv'", Problem(Data("/nowhere.csv")), StringComparison.Ordinal);
        Assert.Single(new DataRoots([_directory.Path]).Check(Given.Spec(Data("/etc/passwd"))));
    }

    private static void Borders(PreparedRun run, string training, string validation, string test) => Assert.Equal(
        (training, validation, test),
        ($"{run.Description.Training.Border}", $"{run.Description.Validation!.Border}", $"{run.Description.Test!.Border}"));

    private static int Steps(ISequenceSet set) => Enumerable.Range(0, set.Count).Sum(set.Length);

    private static PreparedRun Prepare(DataSpec data) => PreparedRun.Prepare(Given.Spec(data));

    private static string Problem(DataSpec data) =>
        Assert.Single(Assert.Throws<SpecException>(() => Prepare(data).Dispose()).Problems).ToString();

    private static DataSpec Timed(string path, string time = "day") =>
        Given.Csv(path, lanes: 2).From<CsvSource>(csv => csv with { Time = time });

    /// <summary>A row for each day from 2020-01-01 on, and its number.</summary>
    private string Days(string name, int count, bool isNewestFirst = false)
    {
        var rows = Enumerable.Range(0, count).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"{Start.AddDays(i):yyyy-MM-dd},{i}\n"));
        return _directory.Write($"{name}.csv", "day,x\n" + string.Concat(isNewestFirst ? rows.Reverse() : rows));
    }
}
