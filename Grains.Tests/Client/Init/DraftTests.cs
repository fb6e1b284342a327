using System.Globalization;
using System.IO.Compression;
using System.Text;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Client.Init;

/// <summary>What is read off a file of data, and the spec that is drafted for it.</summary>
public sealed class DraftTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("load", "load", "load")]
    [InlineData("time,load", "load", "load")]
    [InlineData("year,load", "load", "load")]
    [InlineData("load,timestamp", "load", "load")]
    [InlineData("month,load", "month,load", "load")]
    [InlineData("hour,load", "load", "load")]
    [InlineData("time,load,wind", "load,wind", "load")]
    [InlineData("time,wind,sun", "wind,sun", "sun")]
    [InlineData("time,#wind,price: €", "#wind,price: €", "price: €")]
    [InlineData("time,constant,yes,[x]", "yes,[x]", "[x]")]
    [InlineData("time,gaps,station,load,", "load", "load")]
    public void Columns_AreChosenByWhatTheyHold(string header, string inputs, string target)
    {
        var source = Assert.IsType<CsvSource>(Train(Table(header, 200)).Data.Source);

        Assert.Equal(inputs.Split(','), source.Inputs);
        Assert.Equal([target], source.Targets);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(59)]
    [InlineData(61)]
    [InlineData(1000)]
    [InlineData(50_000)]
    public void Sizes_FitTheRows(int rows)
    {
        var spec = Train(Table("time,load", rows));

        Assert.Equal(rows >= 60, spec.Data.ValidationFraction > 0);
        Assert.InRange(spec.Data.BatchSize, 1, 64);
    }

    [Fact]
    public void Text_IsReadByteByByte()
    {
        string path = _directory.File("it's a text.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("to be or not to be, ", 200)));

        Assert.Equal("bytes", TrainFile(path).Data.Source.Word);
    }

    [Theory]
    [InlineData(0, -9999,
        "T is -9999 in 4 rows, far from all others: if it stands for a missing value, fill these rows")]
    [InlineData(1_700_000_000, 5,
        "T is read as float32, which rounds it to 128: subtract a constant or take differences where that matters")]
    public void Numbers_ThatAreProbablyNotMeant_AreNoted(int offset, int odd, string note)
    {
        string rows = string.Concat(Enumerable.Range(0, 100).Select(i => $"{offset + (i % 30 == 5 ? odd : 15 + (i % 9))}\n"));

        var draft = Draft.Of(Write($"T\n{rows}"), _directory.File("s.yaml"));

        Assert.Equal([note], draft.Notes);
        Assert.Contains("# NOTE T is ", draft.Spec, StringComparison.Ordinal);
    }

    /// <summary>A file that cannot be used as it is: what was found, and a command after which it can be.</summary>
    [Theory]
    [InlineData("columns separated by ';'", "", "time;load", ';')]
    [InlineData("columns separated by tabs", "", "time\tload", '\t')]
    [InlineData("columns separated by ';', and decimal commas", "", "time;load;decimal;;", ';')]
    [InlineData("3 lines above the header, such as '# CO2'", "# CO2\n# ppm\n#\n", "time,load", ',')]
    [InlineData("1 line above the header, such as 'Measured in 2020'", "Measured in 2020\n", "time,load", ',')]
    [InlineData("2 lines without numbers below the header, such as 'AAA' in column load", "below", "time,load", ',')]
    [InlineData("numbers on line 1: 3,4", "none", "x,load", ',')]
    [InlineData("column gaps: numbers, but 20 rows without one, first '.' on line 6", "", "time,gaps", ',')]
    [InlineData("column first: numbers, but 2 rows without one, first '' on line 2", "", "time,first", ',')]
    [InlineData("the byte 0xB0 in the first line, which is no UTF-8", "latin1", "time,T °C", ',')]
    public void Files_ThatCannotBeUsedAsTheyAre_GetACommandThatMendsThem(string found, string how, string header, char separator)
    {
        string text = Table(header.Replace(separator, ','), 200);
        string[] lines = text.TrimEnd('\n').Split('\n');
        text = how switch
        {
            "below" => $"{lines[0]}\nTicker,AAA\nDate,\n{string.Join('\n', lines[1..])}\n",
            "none" => string.Concat(Enumerable.Range(0, 100).Select(i => $"{i * i % 7 + 3},{i % 5 + 4}\n")),
            _ when how.StartsWith('#') || how.StartsWith('M') => how + text,
            _ => text.Replace(',', separator).Replace("&", ",", StringComparison.Ordinal),
        };
        string path = Write(text, how == "latin1" ? Encoding.Latin1 : Encoding.UTF8);

        var fault = Assert.Single(Assert.Throws<DataFaultException>(() => Draft.Of(path, _directory.File("s.yaml"))).Faults);

        Assert.Equal(found, fault.Found);
        string[] command = fault.Remedy.Split("\n    ")[1].Split("; tbptt init ");
        RunHere(command[0]);
        Assert.Equal("csv", TrainFile(_directory.File(command[1])).Data.Source.Word);
    }

    /// <summary>Of a compressed file, whether its name says so or not: neither it nor a file next to it is overwritten.</summary>
    [Theory]
    [InlineData("data.csv")]
    [InlineData("data.csv.gz")]
    public void CompressedFiles_AreUnpackedIntoAFileOfAnotherName(string name)
    {
        string path = _directory.File(name);
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            packed.Write(Encoding.UTF8.GetBytes(Table("time,load", 200)));
        byte[] before = File.ReadAllBytes(path);
        if (name != "data.csv")
            File.WriteAllText(_directory.File("data.csv"), "mine");

        var fault = Assert.Single(Assert.Throws<DataFaultException>(() => Draft.Of(path, _directory.File("s.yaml"))).Faults);

        string[] command = fault.Remedy.Split("\n    ")[1].Split("; tbptt init ");
        Assert.Equal("data-plain.csv", command[1]);
        RunHere(command[0]);
        Assert.Equal("csv", TrainFile(_directory.File(command[1])).Data.Source.Word);
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.True(name == "data.csv" || File.ReadAllText(_directory.File("data.csv")) == "mine");
    }

    /// <summary>A remedy is a command to be copied: of many columns, too, it names each.</summary>
    [Fact]
    public void AHeader_IsOfferedForEveryColumn()
    {
        string path = Write(string.Concat(Enumerable.Repeat(string.Join(',', Enumerable.Range(1, 120)) + "\n", 80)));

        var fault = Assert.Single(Assert.Throws<DataFaultException>(() => Draft.Of(path, _directory.File("s.yaml"))).Faults);

        RunHere(fault.Remedy.Split("\n    ")[1].Split("; tbptt init ")[0]);
        Assert.Equal(string.Join(',', Enumerable.Range(1, 120).Select(number => $"c{number}")),
            File.ReadLines(_directory.File("data-named.csv")).First());
    }

    [Fact]
    public void ARemedy_WritesNoFileThatExists()
    {
        string kind = $"{Guid.NewGuid():N}", first = Shell.Result("wave.csv", kind);
        File.WriteAllText(first, "");
        try
        {
            Assert.Equal(($"wave-{kind}.csv", $"wave-{kind}-2.csv"), (first, Shell.Result("wave.csv.gz", kind)));
        }
        finally
        {
            File.Delete(first);
        }
    }

    /// <summary>Years and Unix seconds as numbers are times as dates are.</summary>
    [Theory]
    [InlineData("country,year,population", "year", "country")]
    [InlineData("timestamp,country,population", "timestamp", "country")]
    [InlineData("id,country,year,population", "year", "country")]
    [InlineData("day,country,population", "day", "country")]
    [InlineData("shop,day,population", "day", "shop")]
    [InlineData("year,newest", "year", null)]
    [InlineData("timestamp,newest", "timestamp", null)]
    [InlineData("day,newest", "day", null)]
    public void SeriesBelowEachOther_AndNewestRowsFirst_AreNamedByTheirColumns(string header, string time, string? series)
    {
        string[] names = header.Split(',');
        bool isReversed = names.Contains("newest");
        string rows = string.Concat(Enumerable.Range(0, 90).Select(row => string.Join(',', names.Select(name =>
        {
            int at = isReversed ? 90 - row : row % 30;
            return name switch
            {
                "id" => $"{row}",
                "country" => $"{"abc"[row / 30]}",
                "shop" => $"{(row / 30) + 1}",
                "year" => $"{1900 + at}",
                "day" => new DateTime(2020, 2, 1).AddDays(at).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                "timestamp" => string.Create(CultureInfo.InvariantCulture, $"{1_600_000_000.25 + (at * 1.5)}"),
                _ => $"{row * row % 11}",
            };
        })) + "\n"));

        RunSpec spec = Train($"{header}\n{rows}");

        var source = Assert.IsType<CsvSource>(spec.Data.Source);
        Assert.Equal((time, series, TableScale.Column), (source.Time, source.Series, source.Scale));
        Assert.Equal([names[^1]], source.Inputs);
        Assert.Equal(0.15, spec.Data.ValidationFraction);
        Assert.Equal(series is null ? 1 : 3, spec.Data.BatchSize);
    }

    [Theory]
    [InlineData(1, TableScale.Column)]
    [InlineData(1000, TableScale.Series)]
    public void Series_HaveTheirOwnScale_WhereTheirLevelsDiffer(int level, TableScale scale)
    {
        string rows = string.Concat(
            from day in Enumerable.Range(1, 28)
            from store in Enumerable.Range(0, 3)
            select $"2020-02-{day:00},{"abc"[store]},{(day * day % 11) + (level * store)}\n");

        Assert.Equal(scale, Assert.IsType<CsvSource>(Train($"date,store,sales\n{rows}").Data.Source).Scale);
    }

    /// <summary>A series that lacks rows for what is held out would be left out of training: nothing is held out then.</summary>
    [Fact]
    public void Series_OfFewRows_AreTrainedOn()
    {
        string rows = string.Concat(
            from series in Enumerable.Range(0, 40)
            from year in Enumerable.Range(2000, 2 + (series % 3))
            select $"s{series},{year},{series * year % 11}\n");

        RunSpec spec = Train($"name,year,value\n{rows}");

        Assert.Equal("name", Assert.IsType<CsvSource>(spec.Data.Source).Series);
        Assert.InRange(spec.Data.BatchSize, 1, 32);
    }

    [Theory]
    [InlineData("a file compressed by gzip", "\x1f\x8b\b\0")]
    [InlineData("a ZIP archive, perhaps a spreadsheet", "PK\x03\x04")]
    [InlineData("a page in HTML or XML", "<!DOCTYPE html>\n<html>")]
    [InlineData("a pointer of Git LFS in place of the data", "version https://git-lfs.github.com/spec/v1\n")]
    [InlineData("an empty file", "")]
    [InlineData("a binary file", "a\0b")]
    [InlineData("a header only", "time,load\n")]
    [InlineData("column load: numbers written as '$1.50'", "date,load\n2020-01-01,$1.50\n2020-01-02,$1.75\n")]
    [InlineData("no column to train on (name: text, such as 'a')", "name\na\nb\n")]
    [InlineData("2 columns named 'a'", "a,a\n1,2\n2,1\n")]
    [InlineData("1 field on line 3", "a,b\n1,2\n2\n")]
    [InlineData("an empty line, 3", "a,b\n1,2\n\n2,1\n")]
    public void OtherFiles_AreRefused(string found, string text) =>
        Assert.Equal(found, Assert.Single(Assert.Throws<DataFaultException>(() =>
            Draft.Of(Write(text, Encoding.Latin1), _directory.File("s.yaml"))).Faults).Found);

    public void Dispose() => _directory.Dispose();

    private RunSpec Train(string text) => TrainFile(Write(text));

    /// <summary>Drafts, reads without a mistake, and trains the first epoch.</summary>
    private RunSpec TrainFile(string path)
    {
        string file = _directory.File("drafted.yaml");
        File.WriteAllText(file, Draft.Of(path, file).Spec);
        var document = SpecLoader.Load(file, []);
        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!, fingerprint: false);
        Assert.All(
            Oracle.Of(run.Spec with { Train = run.Spec.Train with { Epochs = 1 } }).EpochLosses, loss =>
                Assert.True(double.IsFinite(loss)));
        return run.Spec;
    }

    private void RunHere(string command) => Tool.Run("sh", "-c", $"cd {Shell.Word(_directory.Path)}; {command}");

    private string Write(string text, Encoding? encoding = null)
    {
        string path = _directory.File("data.csv");
        File.WriteAllBytes(path, (encoding ?? Encoding.UTF8).GetBytes(text));
        return path;
    }

    /// <summary>A table whose columns hold what their names say; <c>&amp;</c> is a decimal comma.</summary>
    private static string Table(string header, int rows)
    {
        var text = new StringBuilder($"{header}\n");
        for (int row = 0; row < rows; row++)
        {
            text.AppendJoin(',', header.Split(',').Select(name => name switch
            {
                "time" => new DateTime(2020, 1, 1).AddHours(row).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                "hour" => $"{row}",
                "year" => $"{1900 + (row / 4)}",
                "month" => $"{(row % 12) + 1}",
                "timestamp" => string.Create(CultureInfo.InvariantCulture, $"{1_600_000_000 + (row * 1.37)}"),
                "constant" => "7",
                "gaps" => row % 10 == 4 ? "." : $"{row % 6}",
                "first" => row < 2 ? "" : $"{row % 6}",
                "station" => "Zürich",
                "decimal" => $"{row % 5}&25",
                "" => "",
                _ => $"{row * row % 13}",
            })).Append('\n');
        }

        return text.ToString();
    }
}
