using System.IO.Compression;
using System.Text;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>The ways in which CSV files are written: what is read as it is, and what by a key.</summary>
public sealed class CsvFormatTests : IDisposable
{
    private static readonly string[] Wave = [.. Enumerable.Range(0, 40).Select(i => $"{i},{i * i % 7}.5")];

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, string> Readable { get; } = new()
    {
        { "semicolons", "a;b\n1;2.5\n3;4.5\n5;6.5\n" },
        { "semicolons and decimal commas", "a;b\n1;2,5\n3;4,5\n5;6,5\n" },
        { "semicolons at the end of each row", "a;b;;\n1;2,5;;\n3;4,5;;\n5;6,5;;\n" },
        { "tabs", "a\tb\n1\t2.5\n3\t4.5\n5\t6.5\n" },
        { "vertical bars", "a|b\n1|2.5\n3|4.5\n5|6.5\n" },
        { "blanks", "  a   b\n  1   2.5\n 3 \t 4.5 \n  5   6.5\n" },
        { "quoted decimal commas", "a;b\n1;\"2,5\"\n3;\"4,5\"\n5;\"6,5\"\n" },
        { "carriage returns", "a,b\r1,2.5\r3,4.5\r5,6.5\r" },
        { "a text with semicolons in quotes", "a,\"t;u\",b\n1,\"x;y\",2.5\n3,x,4.5\n5,x,6.5\n" },
    };

    [Theory, MemberData(nameof(Readable))]
    public void File_IsRead_AsItsFirstLinesShow(string name, string text)
    {
        using IDataSource source = Given.Open(Given.Csv(_directory.Write("x.csv", text))
            .From<CsvSource>(csv => csv with { Inputs = ["a", "b"] }));
        Assert.Equal([1f, 2.5f, 3, 4.5f], source.Training.Inputs(0, 2));
        Assert.NotEmpty(name);
    }

    public static TheoryData<string, CsvSource> Named { get; } = new()
    {
        { "a;b\n1;2,500\n3;4,500\n5;6,500\n", new() { DecimalMark = ',' } },
        { "a;b\n1;2.500\n3;4.500\n5;900\n", new() { DecimalMark = '.' } },
        { "a;b\n1;2.500\n3;4.500\n5;1900\n", new() },
        { "a;b\n1;2.500\n3;4.500\n0.500;900\n", new() },
        { "a;b\n1;2.500\n3;4.500\n5;6.500\n", new() },
        { "a;b\n1.000;2,5\n3.000;4,5\n5.000;6,5\n", new() { DecimalMark = ',', Thousands = '.' } },
        { "a,b\n\"1,000\",2.5\n\"3,000\",4.5\n\"5,000\",6.5\n", new() { Thousands = ',' } },
        { "a,b\n1 000,2.5\n3 000,4.5\n5 000,6.5\n", new() { Thousands = ' ' } },
        { "a,b\n1,\"2,5\"\n3,\"4,5\"\n5,\"6,5\"\n", new() { DecimalMark = ',' } },
        { "# title\n# unit, and more\na,b\n1,2.5\n# in between\n3,4.5\n5,6.5\n", new() { Comment = "#" } },
        { "# 5\" tubes\n#,\"\na,b\n1,2.5\n3,4.5\n5,6.5\n", new() { Comment = "#" } },
        { "A title\rmade by x\ra,b\r1,2.5\r3,4.5\r5,6.5\r", new() { SkipRows = 2 } },
        { "A title\r\na,b\r\n1,2.5\r\n3,4.5\r\n5,6.5\r\n", new() { SkipRows = 1 } },
        { "A title\nmade by \"x\na,b\n1,2.5\n3,4.5\n5,6.5\n", new() { SkipRows = 2 } },
        { "a;x,b\n1;2.5\n3;4.5\n5;6.5\n", new() { Separator = ';', Inputs = ["a", "x,b"] } },
        { "a,b\nm,s\n1,2.5\n3,4.5\n5,6.5\n", new() { HeaderRows = 2, Inputs = ["a m", "b s"] } },
        { "when,0.5,1.5\n2020-01-01,1,2.5\n2020-01-02,3,4.5\n2020-01-03,5,6.5\n", new() { Inputs = ["0.5", "1.5"] } },
        { "1,2.5\n3,4.5\n5,6.5\n", new() { HeaderRows = 0, Inputs = ["c1", "c2"] } },
    };

    [Theory, MemberData(nameof(Named))]
    public void File_IsRead_AsTheSpecSays(string text, CsvSource source)
    {
        string path = _directory.Write("x.csv", text);
        using IDataSource opened = Given.Open(Given.Csv(path) with { Source = source with { Path = path, Standardize = false } });
        float thousand = source.Thousands == '\0' ? 1 : 1000;
        Assert.Equal([1f * thousand, 2.5f, 3 * thousand, 4.5f], opened.Training.Inputs(0, 2));
    }

    [Theory]
    [InlineData("utf-8", "")]
    [InlineData("utf-8 with a mark", "")]
    [InlineData("utf-16 with a mark", "")]
    [InlineData("utf-16be with a mark", "")]
    [InlineData("utf-16", "utf-16")]
    [InlineData("utf-16be", "utf-16be")]
    [InlineData("latin1", "latin1")]
    [InlineData("windows-1252", "windows-1252")]
    public void Text_IsRead_InItsEncoding(string written, string named)
    {
        Encoding encoding = written.Split(' ')[0] switch
        {
            "utf-16" => Encoding.Unicode,
            "utf-16be" => Encoding.BigEndianUnicode,
            "latin1" => Encoding.Latin1,
            "windows-1252" => CodePagesEncodingProvider.Instance.GetEncoding(1252)!,
            _ => new UTF8Encoding(true),
        };
        byte[] mark = written.Contains("mark", StringComparison.Ordinal) ? encoding.GetPreamble() : [];
        string path = _directory.File("x.csv");
        File.WriteAllBytes(path, [.. mark, .. encoding.GetBytes("temp °C,b\n1,2.5\n3,4.5\n5,6.5\n")]);
        using IDataSource source = Given.Open(Given.Csv(path)
            .From<CsvSource>(csv => csv with { Inputs = ["temp °C", "b"], Encoding = named }));
        Assert.Equal([1f, 2.5f, 3, 4.5f], source.Training.Inputs(0, 2));
    }

    [Theory]
    [InlineData("latin1", "", "the byte 0xB0 at PATH:1, which is no UTF-8, expected text in UTF-8; write data.encoding: windows-1252")]
    [InlineData("latin1", "utf-16", "utf-16, and PATH is no text in UTF-16, expected the encoding of the file; correct data.encoding")]
    [InlineData("utf-16", "", "text in UTF-16 without a byte order mark, PATH, expected UTF-8; write data.encoding: utf-16")]
    [InlineData("utf-16", "latin1", "latin1, and PATH is text in UTF-16, expected the encoding of the file; correct data.encoding")]
    public void Encoding_IsNamed_WhenItIsAnother(string written, string named, string message)
    {
        string path = _directory.File("x.csv");
        File.WriteAllBytes(path, Encoding.GetEncoding(written == "latin1" ? "iso-8859-1" : written).GetBytes("temp °C,b\n1,2.5\n3,4.5\n"));
        Assert.StartsWith(
            "data.encoding: found " + message.Replace("PATH", path, StringComparison.Ordinal),
            Given.Problem(Given.Csv(path).From<CsvSource>(csv => csv with { Encoding = named })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void File_IsRead_WhenItIsCompressed_AndRefusedWhenItIsCutShort(string packing)
    {
        string plain = "a,b\n" + string.Join('\n', Enumerable.Repeat(Wave, 2000).SelectMany(row => row)) + "\n";
        string path = _directory.File("x.csv.packed");
        using (FileStream file = File.Create(path))
        {
            using Stream packed = packing == "gzip"
                ? new GZipStream(file, CompressionLevel.Fastest)
                : new ZstdSharp.CompressionStream(file, leaveOpen: true);
            packed.Write(Encoding.UTF8.GetBytes(plain));
        }

        using (IDataSource source = Given.Open(Given.Csv(path)))
        {
            Assert.Equal(79_999, source.Training.Length(0));
            Assert.Equal([0f, 0.5f, 1, 1.5f], source.Training.Inputs(0, 2)[..4]);
        }

        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        Assert.StartsWith(
            $"data.source: found damaged {(packing == "gzip" ? "gzip" : "Zstandard")} data in {path} (", Given.Problem(Given.Csv(path)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Comma_SeparatesNoColumns_WhereTheSpecSaysThatItIsDecimal()
    {
        string path = _directory.Write("x.csv", "value\n2,00\n2,25\n2,50\n");
        using IDataSource source = Given.Open(Given.Csv(path).From<CsvSource>(csv => csv with { DecimalMark = ',' }));
        Assert.Equal([2f, 2.25f], source.Training.Inputs(0, 1));
    }

    [Fact]
    public void Panel_IsReadByItsSeries_WhateverTheirNames()
    {
        string text = "date,store,sales\n" + string.Concat(from store in new[] { 1, 2 } from day in Enumerable.Range(1, 20)
            select $"2013-01-{day:00},{store},{(1000 * store) + day}\n");
        string path = _directory.Write("x.csv", text);
        CsvSource source = new() { Path = path, Inputs = ["sales"], Series = "store", Time = "date", Standardize = false };
        using IDataSource opened = Given.Open(Given.Csv(path, lanes: 2, fraction: 0.2) with { Source = source });
        Assert.Equal((2, 15, 3), (opened.Training.Count, opened.Training.Length(1), opened.Validation!.Length(1)));
        Assert.Equal([2001f, 2002], opened.Training.Inputs(1)[..2]);
        Assert.Equal([2018f, 2019, 2020], opened.Validation.Targets(1));

        string problem = Given.Problem(Given.Csv(path) with { Source = source with { Series = null } });
        Assert.StartsWith($"data.time: found 2013-01-01 at {path}:22, below 2013-01-20; ", problem, StringComparison.Ordinal);
        Assert.EndsWith("or write data.series where the file has several series below each other", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Days_AreReadAsDays_NextToAColumnOfHours()
    {
        string path = _directory.Write("x.csv", "Date;Time;a\n" + string.Concat(Enumerable.Range(0, 72).Select(hour =>
            $"{10 + (hour / 24)}/03/2004;{hour % 24:00}.00.00;{hour},5\n")));
        using IDataSource source = Given.Open(Given.Csv(path).From<CsvSource>(csv => csv with { Inputs = ["a"], Time = "Date" }));
        Assert.Equal(new("row 1, 2004-03-10", "row 72, 2004-03-12"), source.Description.Training);
        Assert.Contains(
            source.Description.Remarks,
            remark => remark.StartsWith("69 rows with the time of the row before", StringComparison.Ordinal));
    }

    [Fact]
    public void Sentinel_IsMissing_InAnyDigits()
    {
        string path = _directory.Write("x.csv", "a,b\n1,-9999\n2,-9999.0\n3,7\n4,8\n5,9\n");
        Assert.Equal(2, Given.Problems(Given.Csv(path).From<CsvSource>(csv => csv with { Missing = ["-9999"] })).Count);
    }
}
