using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client.Init;

/// <summary>The ways in which files are written: a draft has the keys with which training reads them as they are.</summary>
public sealed class DraftFormTests : IDisposable
{
    private readonly DraftedFiles _files = new();

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

        var draft = Draft.Of(_files.Write("period,load\n" + rows), _files.File("s.yaml"));

        Assert.Equal(areTimes, draft.Spec.Contains("period  dates, ", StringComparison.Ordinal));
    }

    [Fact]
    public void Text_InUtf16_IsNoted()
    {
        string path = _files.File("data.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("to be or not to be, ", 200)), Encoding.Unicode);

        Assert.StartsWith(
            "bytes of 0, which no text in UTF-8 has", Assert.Single(Draft.Of(path, _files.File("s.yaml")).Notes),
            StringComparison.Ordinal);
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
        string path = _files.Write(write(text), encoding), file = _files.File("drafted.yaml");

        RunSpec spec = _files.TrainFile(path);

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
        string path = _files.File(name);
        using (var packed = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            packed.Write(Encoding.UTF8.GetBytes(DraftedFiles.Table("time,load", 200)));

        Assert.Equal([path], _files.TrainFile(path).Data.Source.Paths);
        Assert.Contains("\nname: data\n", File.ReadAllText(_files.File("drafted.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AreOfTheFormatThatTheyShow_WhateverTheirNames()
    {
        string path = _files.File("tides.csv");
        File.Copy(SourceTree.Of("examples", "data", "tides.parquet"), path);

        Assert.Equal("parquet", _files.TrainFile(path).Data.Source.Word);
    }

    [Fact]
    public void Texts_AreReadInTheirEncoding_AlsoWhereTheHeaderDoesNotShowIt()
    {
        string rows = string.Concat(
            from city in new[] { "Köln", "Bonn" }
            from day in Enumerable.Range(1, 28)
            select $"{city},2020-02-{day:00},{day * day % 11}\n");

        var source = Assert.IsType<CsvSource>(_files.TrainFile(_files.Write($"city,date,load\n{rows}", Encoding.Latin1)).Data.Source);

        Assert.Equal(("city", "windows-1252"), (source.Series, source.Encoding));
    }

    /// <summary>Cells that could be thousands and decimals are read as one of them, with a remark.</summary>
    [Fact]
    public void Guesses_AreNoted()
    {
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => i % 2 == 0 ? $"{i};1.{100 + i}\n" : $"{i};9{i % 10}{i % 7}\n"));

        var draft = Draft.Of(_files.Write($"day;visitors\n{rows}"), _files.File("s.yaml"));

        Assert.Contains("\n  thousands: point ", draft.Spec, StringComparison.Ordinal);
        Assert.Contains(
            draft.Notes, note => note.EndsWith("(write data.thousands: point or data.decimal: point)", StringComparison.Ordinal));
    }

    public void Dispose() => _files.Dispose();
}
