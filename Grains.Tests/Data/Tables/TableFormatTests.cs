using System.Globalization;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Data.Tsf;
using ParquetSharp;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>The rows of docs/data.md for tables in other formats than CSV.</summary>
public sealed class TableFormatTests : IDisposable
{
    private const double New2020 = 1_577_836_800e6;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("arrow", "")]
    [InlineData("arrow", "lz4")]
    [InlineData("arrow", "zstd")]
    [InlineData("arrow", "stream")]
    [InlineData("parquet", "Uncompressed")]
    [InlineData("parquet", "Snappy")]
    [InlineData("parquet", "Gzip")]
    [InlineData("parquet", "Zstd")]
    public void Columns_OfEveryType_AreRead(string format, string how)
    {
        RecordBatch[] batches = [FormatFiles.Batch()];
        string path = _directory.File("x");
        TableSource source = format == "parquet"
            ? new ParquetSource { Path = FormatFiles.Parquet(path, batches, Enum.Parse<Compression>(how)) }
            : new ArrowSource
            {
                Path = FormatFiles.Arrow(
                    path, batches, how switch { "lz4" => CompressionCodecType.Lz4Frame, "zstd" => CompressionCodecType.Zstd, _ => null },
                    how == "stream"),
            };

        var read = Read(source);

        const double None = double.NaN;
        var expected = new Dictionary<string, double[]>
        {
            ["f64"] = [1.5, None, None, -1e30],
            ["f32"] = [1.5, 2, None, 0.1f],
            ["i8"] = [1, -128, None, 127],
            ["i16"] = [1, -32768, None, 7],
            ["i32"] = [1, int.MinValue, None, 7],
            ["i64"] = [1, 1_700_000_000_060, None, 7],
            ["u8"] = [1, 255, None, 7],
            ["u16"] = [1, 65535, None, 7],
            ["u32"] = [1, uint.MaxValue, None, 7],
            ["u64"] = [1, ulong.MaxValue, None, 7],
            ["flag"] = [1, 0, None, 1],
            ["decimal"] = [1.5, -1234567.125, None, 0],
            ["whole"] = [4, 3, 2, 1],
            ["text"] = [0, 1, None, 0],
            ["when_ms"] = [New2020, New2020 + 1.5e6, None, -1_577_923_200e6],
            ["when_us"] = [New2020, New2020 + 1.5e6, None, -1_577_923_200e6],
            ["day"] = [New2020, New2020 + 86_400e6, None, 0],
            ["word"] = [0, 1, None, 0],
        };
        Assert.Equal(expected.Keys, read.Keys);
        Assert.All(expected, column => Assert.Equal(column.Value, read[column.Key].Cells));
        Assert.Equal(["a", "b"], read["text"].Tally.Texts);
        Assert.Equal(["high", "low"], read["word"].Tally.Texts);
        Assert.Equal(2, read["f64"].Tally.Missing);
    }

    /// <summary>Arrow writes booleans of second pages in the RLE encoding, which another reader takes for other values.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parquet_IsRead_OverRowGroups_AndItsBooleansInEveryEncoding(bool secondPages)
    {
        string path = FormatFiles.Parquet(
            _directory.File("x"), [FormatFiles.Numbers(0, 20_000), FormatFiles.Numbers(20_000, 50_000)], secondPages: secondPages);

        var read = Read(new ParquetSource { Path = path });

        Assert.Equal(Enumerable.Range(0, 70_000).Select(i => (double)i), read["a"].Cells);
        Assert.Equal(Enumerable.Range(0, 70_000).Select(i => (double)(i / 2f)), read["b"].Cells);
        Assert.Equal(Enumerable.Range(0, 70_000).Select(i => i % 3 == 0 ? 1.0 : 0), read["flag"].Cells);
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("arrow")]
    [InlineData("jsonl")]
    public void Table_IsTrainedOn_AsOneStream(string format)
    {
        string path = _directory.File("x");
        RecordBatch[] batches = [FormatFiles.Numbers(0, 5), FormatFiles.Numbers(5, 4)];
        TableSource source = format switch
        {
            "parquet" => new ParquetSource { Path = FormatFiles.Parquet(path, batches) },
            "arrow" => new ArrowSource { Path = FormatFiles.Arrow(path, batches) },
            _ => new JsonLinesSource
            {
                Path = _directory.Write("x", string.Concat(Enumerable.Range(0, 9).Select(i => $"{{\"a\": {i}, \"b\": {i / 2f}}}\n"))),
            },
        };
        using IDataSource opened = Given.Open(new()
        {
            Source = source with { Inputs = ["b", "a"], Targets = ["a"], Standardize = false }, BatchSize = 2,
        });
        Assert.Equal(new(2, 0, 1, 0), opened.Shape);
        Assert.Equal([2f, 4, 2.5f, 5, 3, 6, 3.5f, 7], opened.Training.Inputs(1, 2));
        Assert.Equal([5f, 6, 7, 8], opened.Training.Targets(1));
    }

    [Fact]
    public void JsonLines_AreRead_WhateverTheOrderOfTheirKeys()
    {
        string path = _directory.Write("x.jsonl", """
            {"a": 1.5, "t": "2020-01-01", "s": "x", "flag": true, "more": {"deep": [1]}}
            {"t": "2020-01-02T00:00:01Z", "a": null, "flag": false, "s": "y"}

            {"a": -2e3, "late": 1, "s": "x", "t": "2020-01-03"}
            """);

        var read = Read(new JsonLinesSource { Path = path }, ("t", CellType.Time), ("s", CellType.Text));

        Assert.Equal(["a", "t", "s", "flag", "more", "late"], read.Keys);
        Assert.Equal([1.5, double.NaN, -2000], read["a"].Cells);
        Assert.Equal([New2020, New2020 + 86_401e6, New2020 + (2 * 86_400e6)], read["t"].Cells);
        Assert.Equal([0, 1, 0], read["s"].Cells);
        Assert.Equal([1, 0, double.NaN], read["flag"].Cells);
        Assert.Equal((2, 1), (read["late"].Tally.Missing, read["more"].Tally.Others));
    }

    [Theory]
    [InlineData("{\"a\": 1}\r{\"a\": 2}\r", "lines that end with CR alone at PATH:1")]
    [InlineData("{\"a\": 1}\n{\"a\": 2\n", "text at PATH:2 that is no JSON object")]
    [InlineData("{\"a\": 1}\n{\"a\": 2} {\"a\": 3}\n", "text at PATH:2 that is no JSON object")]
    [InlineData("{\"a\": 1}\n{\"a\": 2, \"a\": 3}\n", "the key 'a' twice at PATH:2")]
    [InlineData("[{\"a\": 1}]\n", "a list at PATH:1")]
    [InlineData("a,b\n1,2\n", "text at PATH:1 that is no JSON object")]
    [InlineData("{\"a\": 1}\n{\"a\": NaN}\n", "NaN at PATH:2, which is no JSON, though Python's json.dumps writes it")]
    [InlineData("{\"a\": -Infinity}\n", "Infinity at PATH:1, which is no JSON, though Python's json.dumps writes it")]
    [InlineData("<html></html>", "a page in HTML or XML: PATH")]
    [InlineData("", "PATH, which is empty")]
    public void JsonLines_AreRefused_WithTheLine(string text, string found)
    {
        string path = _directory.Write("x.jsonl", text);
        string problem = Refusal(new JsonLinesSource { Path = path }, "a");
        Assert.StartsWith(found.Replace("PATH", path, StringComparison.Ordinal), problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Tsf_IsRead_InLongFormat()
    {
        string path = _directory.Write("x.tsf", """
            # A comment
            @relation test
            @attribute series_name string
            @attribute start_timestamp date
            @attribute size numeric
            @frequency monthly
            @horizon 2
            @missing true
            @equallength false
            @data
            T1:2020-01-01 00-00-00:3:1,2.5,?
            T2:1999-11-30 00-00-00:4:7
            """);

        var read = Read(new TsfSource { Path = path });

        Assert.Equal(["series_name", "start_timestamp", "size", "time", "value"], read.Keys);
        Assert.Equal(["T1", "T2"], read["series_name"].Tally.Texts);
        Assert.Equal([0, 0, 0, 1], read["series_name"].Cells);
        Assert.Equal([3, 3, 3, 4], read["size"].Cells);
        Assert.Equal([1, 2.5, double.NaN, 7], read["value"].Cells);
        Assert.Equal(
            [new DateTime(2020, 1, 1), new(2020, 2, 1), new(2020, 3, 1), new(1999, 11, 30)],
            read["time"].Cells.Select(DateTime.UnixEpoch.AddMicroseconds));
    }

    [Theory]
    [InlineData("@attribute n string\n@data\n", "no series in PATH")]
    [InlineData("@attribute n string\nT1:1\n", "'T1:1' at PATH:2")]
    [InlineData("@data\nT1:1\n", "@data before any attribute at PATH:1")]
    [InlineData("@attribute n words\n@data\n", "'@attribute n words' at PATH:1")]
    [InlineData("@attribute n string\n@frequency often\n@data\nT1:1\n", "the frequency 'often' at PATH:2")]
    [InlineData("@attribute n string\n@attribute m string\n@data\nT1:1\n", "1 attribute at PATH:4")]
    [InlineData("@attribute n string\n@data\nT1:1,2,\n", "a comma at the end of PATH:3")]
    [InlineData("PAR1", "a Parquet file: PATH")]
    public void Tsf_IsRefused_WithTheLine(string text, string found)
    {
        string path = _directory.Write("x.tsf", text);
        string problem = Refusal(new TsfSource { Path = path }, "value");
        Assert.StartsWith(found.Replace("PATH", path, StringComparison.Ordinal), problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Tsf_IsRefused_WhenSeveralSeriesAreOneStream()
    {
        const string Head = "@attribute size numeric\n@attribute series_name string\n@data\n";
        string path = _directory.Write("x.tsf", Head + "0:T1:1,2,3\n5:T2:7,8,9\n");
        var source = new TsfSource { Path = path, Standardize = false };
        Assert.Equal(
            $"data.series: found 2 series in {path}, expected the attribute that names them, because their values are no one stream; "
            + "write data.series: series_name", Given.Problem(new() { Source = source, BatchSize = 1 }));
        using IDataSource series = Given.Open(new() { Source = source with { Series = "series_name" }, BatchSize = 1 });
        Assert.Equal((2, 1, 1), (series.Training.Count, series.Shape.InputFeatures, series.Shape.TargetFeatures));
        Assert.Equal([7f, 8], series.Training.Inputs(1));
        Assert.Contains(series.Description.LeftOut, column => column.Name == "size");
        _directory.Write("x.tsf", Head + "0:T1:1,2,3\n");
        using IDataSource one = Given.Open(new() { Source = source, BatchSize = 1 });
        Assert.Equal([1f, 2], one.Training.Inputs(0));
    }

    [Theory]
    [InlineData("MM/dd/yyyy")]
    [InlineData("dd/MM/yyyy")]
    [InlineData("yyyy-MM-dd")]
    public void JsonLines_HaveTimes_AndAreRefusedNewestFirst(string form)
    {
        string[] lines = [.. Enumerable.Range(0, 10).Select(i =>
            $"{{\"date\": \"{new DateTime(2020, 1, 3).AddDays(i).ToString(form, CultureInfo.InvariantCulture)}\", \"v\": {i}}}\n")];
        string path = _directory.Write("x.jsonl", string.Concat(lines));
        var source = new JsonLinesSource { Path = path, Standardize = false };
        using (IDataSource opened = Given.Open(new() { Source = source with { Time = "date" }, BatchSize = 1 }))
        {
            Assert.Equal("a row every 1d, without gaps", opened.Description.Remarks[^1]);
            Assert.Equal("row 1, 2020-01-03", opened.Description.Training!.First);
        }

        _directory.Write("x.jsonl", string.Concat(lines.Reverse()));
        Assert.StartsWith(
            $"data.source: found the newest row first, by column 'date', in {path}",
            Given.Problem(new() { Source = source, BatchSize = 1 }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AreNamed_ForWhatTheyAre()
    {
        string pointer = _directory.Write("pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        Assert.StartsWith($"a pointer of Git LFS in the place of the data: {pointer}", Refusal(new ParquetSource { Path = pointer }, "a"),
            StringComparison.Ordinal);
        Assert.StartsWith($"a pointer of Git LFS in the place of the data: {pointer}", Refusal(new ArrowSource { Path = pointer }, "a"),
            StringComparison.Ordinal);
        string feather = _directory.Write("feather", "FEA1 and so on");
        Assert.StartsWith($"a Feather file of version 1: {feather}", Refusal(new ArrowSource { Path = feather }, "a"),
            StringComparison.Ordinal);
        string cut = _directory.Write("cut", File.ReadAllBytes(FormatFiles.Parquet(_directory.File("x"), [FormatFiles.Batch()]))[..500]);
        Assert.StartsWith($"{cut}, which cannot be read (", Refusal(new ParquetSource { Path = cut }, "f64"), StringComparison.Ordinal);
    }

    private static Dictionary<string, (double[] Cells, ColumnTally Tally)> Read(
        TableSource source, params (string Name, CellType Type)[] types)
    {
        using TableReader reader = source.OpenTable(source.Path);
        CellType TypeOf(TableColumn column) => types.Where(type => type.Name == column.Name).Select(type => (CellType?)type.Type)
            .FirstOrDefault() ?? column.Type ?? CellType.Number;
        ChosenColumn[] chosen = [.. reader.Columns.Select((column, i) => new ChosenColumn(i, column.Name, TypeOf(column)))];
        reader.Choose(chosen);
        var block = new TableBlock(chosen);
        var cells = chosen.Select(_ => new List<double>()).ToArray();
        while (reader.Fill(block))
        {
            for (int i = 0; i < chosen.Length; i++)
                cells[i].AddRange(block.Column(i)[..block.Rows]);
        }

        return chosen.Select((column, i) => (column.Name, Cells: cells[i].ToArray(), Tally: block.Tallies[i]))
            .ToDictionary(column => column.Name, column => (column.Cells, column.Tally));
    }

    private static string Refusal(TableSource source, string input) => Assert.Single(Given.Problems(new()
    {
        Source = source with { Inputs = [input] }, BatchSize = 1,
    })).Found;
}
