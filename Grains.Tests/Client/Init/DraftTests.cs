using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
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
    [InlineData("time,gaps,station,load,", "gaps,load", "load")]
    public void Columns_AreChosenByWhatTheyHold(string header, string inputs, string target)
    {
        var source = Assert.IsType<CsvSource>(Train(Table(header, 200)).Data.Source);

        Assert.Equal(inputs.Split(','), source.Inputs);
        Assert.Equal([target], source.Targets);
    }

    /// <summary>A draft takes for times what training reads as times.</summary>
    [Theory]
    [InlineData("{0}Q{1}")]
    [InlineData("Q{1} {0}")]
    [InlineData("{0}M0{1}")]
    [InlineData("0{1}.{0}.01", false)]
    [InlineData("1 Feb {0} 0{1}:00")]
    [InlineData("13.0{1}.{0}")]
    public void Times_AreThoseThatTrainingReads(string form, bool areTimes = true)
    {
        string rows = string.Concat(Enumerable.Range(0, 80).Select(
            i => $"{string.Format(CultureInfo.InvariantCulture, form, 2000 + (i / 4), 1 + (i % 4))},{i * 7 % 13}\n"));

        var draft = Draft.Of(Write("period,load\n" + rows), _directory.File("s.yaml"));

        Assert.Equal(areTimes, draft.Spec.Contains("period  dates, ", StringComparison.Ordinal));
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

    /// <summary>Tables come under the names of texts: one that is trained on byte by byte learns to write digits.</summary>
    [Theory]
    [InlineData("Date;Time;load\n", "1/1/{2};10:00:00;{1}.5\n", true)]
    [InlineData("load\twind\n", "{0}\t{1}\n", true)]
    [InlineData("load,wind\n", "{1},\n", true)]
    [InlineData("He came, and went.\n", "The {0}th, he said, was {1}.\n", false)]
    [InlineData("name,town\n", "a{0},b{1}\n", false)]
    public void Text_IsATable_WhereItsLinesAreRows(string header, string row, bool isTable)
    {
        string path = _directory.File("data.txt");
        File.WriteAllText(path, header + string.Concat(Enumerable.Range(0, 100).Select(
            i => string.Format(CultureInfo.InvariantCulture, row, 1 + (i % 28), i * 7 % 13, 1900 + i))));

        var draft = Draft.Of(path, _directory.File("s.yaml"));

        Assert.Equal(isTable, draft.Notes.Contains(TextTable.Note));
        Assert.Contains(isTable ? "csv:data.txt" : "bytes:data.txt", draft.Spec, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_InUtf16_IsNoted()
    {
        string path = _directory.File("data.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("to be or not to be, ", 200)), Encoding.Unicode);

        Assert.StartsWith(
            "bytes of 0, which no text in UTF-8 has", Assert.Single(Draft.Of(path, _directory.File("s.yaml")).Notes),
            StringComparison.Ordinal);
    }

    /// <summary>A column of numbers in quotes is no text that somebody meant to leave out.</summary>
    [Fact]
    public void NumbersInQuotes_AreNoted()
    {
        string path = _directory.File("data.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 100).Select(i => $$"""{"load": {{i * 7 % 13}}, "wind": "{{i}}.5", "town": "x"}"""));

        Assert.Equal(
            ["wind is left out, because 100 of 100 cells are no numbers, such as '0.5': write it without quotes"],
            Draft.Of(path, _directory.File("s.yaml")).Notes.Where(note => note.Contains("left out", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0, -9999,
        "T is -9999 in 4 rows, far from all others: if it stands for a missing value, write missing: [\"-9999\"] and "
        + "missingValues: interpolate")]
    public void Numbers_ThatAreProbablyNotMeant_AreNoted(int offset, int odd, string note)
    {
        string rows = string.Concat(Enumerable.Range(0, 100).Select(i => $"{offset + (i % 30 == 5 ? odd : 15 + (i % 9))}\n"));

        var draft = Draft.Of(Write($"T\n{rows}"), _directory.File("s.yaml"));

        Assert.Equal([note], draft.Notes);
        Assert.Contains("# NOTE T is ", draft.Spec, StringComparison.Ordinal);
    }

    /// <summary>How a file is written, and the keys that the draft has for it: with them it has the values of the plain file.</summary>
    public static TheoryData<string, Func<string, string>, string, Encoding?> Written { get; } = new()
    {
        { "semicolons", text => text.Replace(',', ';'), "separator: semicolon", null },
        { "tabs", text => text.Replace(',', '\t'), "separator: tab", null },
        { "vertical bars", text => text.Replace(',', '|'), "separator: pipe", null },
        { "decimal commas", text => text.Replace(',', ';').Replace('.', ','), "separator: semicolon\ndecimal: comma", null },
        { "decimal commas in quotes", text => Cells(text, cell => cell.Replace('.', ',')), "decimal: comma", null },
        { "groups of digits", text => Cells(text, cell => cell.Insert(1, ",")), "thousands: comma", null },
        { "groups and decimals", text => Cells(text, cell => cell.Insert(1, ".").Remove(5, 1).Insert(5, ",")),
            "decimal: comma\nthousands: point", null },
        { "apostrophes", text => Cells(text, cell => cell.Insert(1, "’")), "thousands: apostrophe", null },
        { "blanks at which no line breaks", text => Cells(text, cell => cell.Insert(1, "\u202f")), "thousands: blank", null },
        { "remarks", text => $"# CO2\n# ppm\n#\n{text}", "comment: \"#\"", null },
        { "a title", text => $"Measured in 2020\n{text}", "skipRows: 1", null },
        { "a title and an address", text => $"Measured, with care, in 2020\nby nobody\n{text}", "skipRows: 2", null },
        { "units", text => text.Insert(text.IndexOf('\n') + 1, "UTC,MW\n"), "headerRows: 2", null },
        { "names below each other", text => text.Insert(text.IndexOf('\n') + 1, "Ticker,AAA\nDate,\n"), "headerRows: 3", null },
        { "no header", text => text[(text.IndexOf('\n') + 1)..], "headerRows: 0", null },
        { "points for no value", text => Gaps(text, "."), "missing: [\".\"]\nmissingValues: interpolate", null },
        { "two words for no value", text => Gaps(text, "n/a", "NA"), "missing: [n/a, NA]\nmissingValues: interpolate", null },
        { "empty cells", text => Gaps(text, ""), "missingValues: interpolate", null },
        { "empty cells at the start", text => Regex.Replace(text, @"(00:00|01:00),\d+\.\d+\n", "$1,\n"), "missingValues: mask", null },
        { "Windows-1252", text => text.Replace("load", "load °C"), "encoding: windows-1252", Encoding.Latin1 },
        { "UTF-16", text => $"\ufeff{text}", "encoding: utf-16", new UnicodeEncoding(false, false) },
        { "UTF-16 without a mark", text => text, "encoding: utf-16be", new UnicodeEncoding(true, false) },
        { "UTF-8 with a mark", text => $"\ufeff{text}", "", null },
        { "carriage returns", text => text.Replace("\n", "\r\n"), "", null },
        { "all at once", text => "Export of today\n\n" + Gaps(text.Replace("load", "load °C"), "-").Replace(',', ';').Replace('.', ','),
            "separator: semicolon\ndecimal: comma\nmissing: [\"-\"]\nskipRows: 2\nencoding: windows-1252\nmissingValues: interpolate",
            Encoding.Latin1 },
    };

    [Theory, MemberData(nameof(Written))]
    public void Files_HaveTheKeysByWhichTheyAreRead(string name, Func<string, string> write, string keys, Encoding? encoding)
    {
        string text = "time,load\n" + string.Concat(Enumerable.Range(0, 96).Select(row => string.Create(
            CultureInfo.InvariantCulture, $"2020-01-{1 + (row / 24):00} {row % 24:00}:00,{1000 + (row * row % 13) + 0.25}\n")));
        string path = Write(write(text), encoding), file = _directory.File("drafted.yaml");

        RunSpec spec = TrainFile(path);

        string[] lines = File.ReadAllLines(file);
        string[] shown = [.. lines.Select(line => line.Split(" # ")[0].Trim())
            .Where(line => Forms.Any(form => line.StartsWith($"{form}: ", StringComparison.Ordinal)))];
        Assert.Equal(keys.Split('\n', StringSplitOptions.RemoveEmptyEntries), shown);
        var source = Assert.IsType<CsvSource>(spec.Data.Source);
        var values = new float[95 * Math.Max(1, source.Inputs.Count + (keys.Contains("mask", StringComparison.Ordinal) ? 1 : 0))];
        using var run = PreparedRun.Prepare(
            spec with { Data = spec.Data with { Source = source with { Standardize = false }, BatchSize = 1, ValidationFraction = 0 } });
        run.Data.Training.ReadInputs(new(0, 0, 95), values);
        Assert.Equal(1000.25f + (9 * 9 % 13), values[9 * (values.Length / 95)]);
        Assert.DoesNotMatch(@"\b(sed|awk|iconv|tr|tail|gzip) ", File.ReadAllText(file));
        Assert.NotEmpty(name);
    }

    private static readonly string[] Forms =
        ["separator", "decimal", "thousands", "missing", "comment", "skipRows", "headerRows", "encoding", "missingValues"];

    private static string Cells(string text, Func<string, string> write) =>
        Regex.Replace(text, @"\d+\.\d+", cell => $"\"{write(cell.Value)}\"");

    private static string Gaps(string text, params string[] words)
    {
        int row = 0;
        return Regex.Replace(text, @",\d+\.\d+", cell => row++ % 10 == 4 ? $",{words[row / 10 % words.Length]}" : cell.Value);
    }

    /// <summary>Of a compressed file, whether its name says so or not.</summary>
    [Theory]
    [InlineData("data.csv")]
    [InlineData("data.csv.gz")]
    public void CompressedFiles_AreReadAsTheyAre(string name)
    {
        string path = _directory.File(name);
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            packed.Write(Encoding.UTF8.GetBytes(Table("time,load", 200)));

        Assert.Equal([path], TrainFile(path).Data.Source.Paths);
        Assert.Contains("\nname: data\n", File.ReadAllText(_directory.File("drafted.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AreOfTheFormatThatTheyShow_WhateverTheirNames()
    {
        string path = _directory.File("tides.csv");
        File.Copy(SourceTree.Of("examples", "data", "tides.parquet"), path);

        Assert.Equal("parquet", TrainFile(path).Data.Source.Word);
    }

    /// <summary>Hours begin again each day, as the times of a series do: they name none.</summary>
    [Fact]
    public void TimesOfDay_NameNoSeries()
    {
        string rows = string.Concat(Enumerable.Range(0, 96).Select(i => $"2020-01-0{1 + (i / 24)},{i % 24:00}:00,{i * i % 11}\n"));
        Assert.Null(Assert.IsType<CsvSource>(Train($"date,time,load\n{rows}").Data.Source).Series);
    }

    [Fact]
    public void Texts_AreReadInTheirEncoding_AlsoWhereTheHeaderDoesNotShowIt()
    {
        string rows = string.Concat(
            from city in new[] { "Köln", "Bonn" }
            from day in Enumerable.Range(1, 28)
            select $"{city},2020-02-{day:00},{day * day % 11}\n");

        var source = Assert.IsType<CsvSource>(TrainFile(Write($"city,date,load\n{rows}", Encoding.Latin1)).Data.Source);

        Assert.Equal(("city", "windows-1252"), (source.Series, source.Encoding));
    }

    /// <summary>Cells that could be thousands and decimals are read as one of them, with a remark.</summary>
    [Fact]
    public void Guesses_AreNoted()
    {
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => i % 2 == 0 ? $"{i};1.{100 + i}\n" : $"{i};9{i % 10}{i % 7}\n"));

        var draft = Draft.Of(Write($"day;visitors\n{rows}"), _directory.File("s.yaml"));

        Assert.Contains("\n  thousands: point ", draft.Spec, StringComparison.Ordinal);
        Assert.Contains(
            draft.Notes, note => note.EndsWith("(write data.thousands: point or data.decimal: point)", StringComparison.Ordinal));
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
    [InlineData("count,newest", "count", null)]
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
                "year" or "count" => $"{1900 + at}",
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
    [InlineData("damaged gzip data in PATH", "\x1f\x8b\b\0")]
    [InlineData("a ZIP archive: PATH", "PK\x03\x04")]
    [InlineData("a page in HTML or XML: PATH", "<!DOCTYPE html>\n<html>")]
    [InlineData("a pointer of Git LFS in the place of the data: PATH", "version https://git-lfs.github.com/spec/v1\n")]
    [InlineData("PATH, which is empty", "")]
    [InlineData("NUL bytes, as in a binary file: PATH", "a,b\n1,2\0\0\0\0\n")]
    [InlineData("only a header in PATH", "time,load\n")]
    [InlineData("column load: numbers written as '$1.50'", "date,load\n2020-01-01,$1.50\n2020-01-02,$1.75\n")]
    [InlineData("column load: numbers written as '5 kW'", "date,load\n2020-01-01,5 kW\n2020-01-02,7 kW\n")]
    [InlineData("column load: numbers, but 1 row without one, such as 'x' on line 3",
        "date,load\n2020-01-01,5\n2020-01-02,x\n2020-01-03,6\n")]
    [InlineData("no column to train on (name: text, such as 'a')", "name\na\nb\n")]
    [InlineData("2 columns named 'a' in PATH", "a,a\n1,2\n2,1\n")]
    [InlineData("1 field at PATH:3", "a,b\n1,2\n2\n")]
    [InlineData("an empty line at PATH:3", "a,b\n1,2\n\n2,1\n")]
    public void OtherFiles_AreRefused(string found, string text)
    {
        string path = Write(text, Encoding.Latin1);
        Exception refusal = Assert.ThrowsAny<Exception>(() => Draft.Of(path, _directory.File("s.yaml")));

        string all = refusal is DataFaultException fault ? Assert.Single(fault.Faults).Found
            : Assert.Single(Assert.IsType<SpecException>(refusal).Problems).Found;
        Assert.StartsWith(found.Replace("PATH", path, StringComparison.Ordinal), all, StringComparison.Ordinal);
    }

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

    private string Write(string text, Encoding? encoding = null)
    {
        string path = _directory.File("data.csv");
        File.WriteAllBytes(path, (encoding ?? Encoding.UTF8).GetBytes(text));
        return path;
    }

    /// <summary>A table whose columns hold what their names say.</summary>
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
                "station" => "Zürich",
                "" => "",
                _ => $"{row * row % 13}",
            })).Append('\n');
        }

        return text.ToString();
    }
}
