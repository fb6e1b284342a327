using System.Globalization;
using System.Text;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client.Init;

/// <summary>What is read off a file of data, and the spec that is drafted for it.</summary>
public sealed class DraftTests : IDisposable
{
    private readonly DraftedFiles _files = new();

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
        var source = Assert.IsType<CsvSource>(_files.Train(DraftedFiles.Table(header, 200)).Data.Source);

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
        var spec = _files.Train(DraftedFiles.Table("time,load", rows));

        Assert.Equal(rows >= 60, spec.Data.ValidationFraction > 0);
        Assert.InRange(spec.Data.BatchSize, 1, 64);
    }

    [Fact]
    public void Text_IsReadByteByByte()
    {
        string path = _files.File("it's a text.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Repeat("to be or not to be, ", 200)));

        Assert.Equal("bytes", _files.TrainFile(path).Data.Source.Word);
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
        string path = _files.File("data.txt");
        File.WriteAllText(path, header + string.Concat(Enumerable.Range(0, 100).Select(
            i => string.Format(CultureInfo.InvariantCulture, row, 1 + (i % 28), i * 7 % 13, 1900 + i))));

        var draft = Draft.Of(path, _files.File("s.yaml"));

        Assert.Equal(isTable, draft.Notes.Contains(TextTable.Note));
        Assert.Contains(isTable ? "csv:data.txt" : "bytes:data.txt", draft.Spec, StringComparison.Ordinal);
    }

    /// <summary>A column of numbers in quotes is no text that somebody meant to leave out.</summary>
    [Fact]
    public void NumbersInQuotes_AreNoted()
    {
        string path = _files.File("data.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 100).Select(i => $$"""{"load": {{i * 7 % 13}}, "wind": "{{i}}.5", "town": "x"}"""));

        Assert.Equal(
            ["wind is left out, because 100 of 100 cells are no numbers, such as '0.5': write it without quotes"],
            Draft.Of(path, _files.File("s.yaml")).Notes.Where(note => note.Contains("left out", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0, -9999,
        "T is -9999 in 4 rows, far from all others: if it stands for a missing value, write missing: [\"-9999\"] and "
        + "missingValues: interpolate")]
    public void Numbers_ThatAreProbablyNotMeant_AreNoted(int offset, int odd, string note)
    {
        string rows = string.Concat(Enumerable.Range(0, 100).Select(i => $"{offset + (i % 30 == 5 ? odd : 15 + (i % 9))}\n"));

        var draft = Draft.Of(_files.Write($"T\n{rows}"), _files.File("s.yaml"));

        Assert.Equal([note], draft.Notes);
        Assert.Contains("# NOTE T is ", draft.Spec, StringComparison.Ordinal);
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
        string path = _files.Write(text, Encoding.Latin1);
        Exception refusal = Assert.ThrowsAny<Exception>(() => Draft.Of(path, _files.File("s.yaml")));

        string all = refusal is DataFaultException fault ? Assert.Single(fault.Faults).Found
            : Assert.Single(Assert.IsType<SpecException>(refusal).Problems).Found;
        Assert.StartsWith(found.Replace("PATH", path, StringComparison.Ordinal), all, StringComparison.Ordinal);
    }

    public void Dispose() => _files.Dispose();
}
