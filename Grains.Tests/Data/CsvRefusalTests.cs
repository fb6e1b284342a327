using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>CSV files that are not read as they are: each refusal names the place, and the key to write.</summary>
public sealed class CsvRefusalTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "a pointer of Git LFS in the place of the data")]
    [InlineData("\n <!DOCTYPE html>\n<html>", "a page in HTML or XML")]
    [InlineData("PK\u0003\u0004.......xl/workbook.xml", "an Excel workbook")]
    [InlineData("PK\u0003\u0004.......a.csv", "a ZIP archive")]
    [InlineData("PAR1....", "a Parquet file")]
    [InlineData("ARROW1\0\0", "an Arrow file")]
    [InlineData("%PDF-1.7", "a PDF document")]
    [InlineData("a,b\n\0\0\u0001\0", "NUL bytes, as in a binary file")]
    public void File_IsNamed_ForWhatItIs(string text, string what)
    {
        string path = _directory.Write("x.csv", text);
        string problem = Given.Problem(Given.Csv(path));
        Assert.StartsWith($"data.source: found {what}: {path}, expected ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("data.inputs", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("# CO2\n# ppm\nyear,co2\n1958,315.5\n1959,316.5\n", "found 2 lines above the header, such as '# CO2' at PATH:1",
        "write data.comment: \"#\"")]
    [InlineData("Prices of 2023, daily, closing\nday,close\n1,100\n2,101\n", "found 1 line above the header, such as 'Prices of 2023",
        "write data.skipRows: 1")]
    [InlineData("Price,Close,High\nTicker,AAA,AAA\nDate,,\n2023-01-01,100.5,101\n2023-01-02,101,102\n",
        "found 2 lines without numbers below the header, such as 'Ticker,AAA,AAA' at PATH:2", "write data.headerRows: 3")]
    [InlineData("t,T\ns,degC\n0,8.5\n1,8.75\n", "found 1 line without numbers below the header, such as 's,degC' at PATH:2",
        "write data.headerRows: 2")]
    [InlineData("1,2\n3,4\n5,6\n", "found numbers at PATH:1: '1', '2', expected a header row", "write data.headerRows: 0")]
    [InlineData("2020-01-01,A,1\n2020-01-02,B,3\n2020-01-03,A,5\n",
        "found '2020-01-01' above '2020-01-02' at PATH:1, as in a file without a header, expected a header row",
        "write data.headerRows: 0")]
    [InlineData("A,1.5\nB,3\nA,5\n", "found '1.5' above '3' at PATH:1, as in a file without a header", "write data.headerRows: 0")]
    [InlineData("@RELATION x\n@ATTRIBUTE load NUMERIC\n@DATA\na,1\nb,2\nc,3\n", "found 1 name in '@RELATION x' at PATH:1",
        "correct the header, or write data.skipRows: 3 and data.headerRows: 0")]
    [InlineData("a,b\n1,\"say \\\"x\\\"\"\n3,y\n", "found a quote behind a backslash in '1,\"say \\\"x",
        "double each quote in quotes: \"\" in the place of \\\"")]
    [InlineData("a  b   c\n1  2.5 3\n2  3.5\n3  4.5 5\n4  5.5 7\n", "found 2 fields at PATH:3, expected 3", "correct the row")]
    [InlineData("a,b\n1,2\n3,4\n\0\0\0\0", "found NUL bytes at the end of PATH", "write the file again")]
    [InlineData("sep=;\na;b\n1;2\n3;4\n", "found 'sep=;' at PATH:1, a line that names the separator to spreadsheets",
        "write data.skipRows: 1 and data.separator: semicolon")]
    [InlineData("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n", "found '|---|---|' at PATH:2, a line of a table that is drawn",
        "export the table as CSV")]
    [InlineData("[{\"a\": 1},\n{\"a\": 2}]\n", "found a list in JSON: PATH", "write its objects a line each")]
    [InlineData("{\"a\": 1}\n{\"a\": 2}\n", "found JSON: PATH", "read it as jsonl:PATH where each line is an object")]
    [InlineData("a;b,c\n1;2,3\n4;5,6\n", "found lines that could be cut at commas or at semicolons",
        "write data.separator: comma or semicolon")]
    [InlineData("a;b,c\n1,3\n4,6\n", "found semicolons outside of quotes in 'a;b,c' at PATH:1, which has 2 columns when cut at commas",
        "write data.separator: semicolon, or data.separator: comma if the others are part of a cell")]
    [InlineData("a,b\n1;7,2\n3,4\n", "found semicolons outside of quotes in '1;7,2' at PATH:2", "write data.separator: semicolon")]
    public void Beginning_IsRefused_WithTheKeyToWrite(string text, string found, string remedy)
    {
        string path = _directory.Write("x.csv", text);
        string problem = Given.Problem(Given.Csv(path));
        Assert.Contains(found.Replace("PATH", path, StringComparison.Ordinal), problem, StringComparison.Ordinal);
        Assert.Contains(remedy, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a,b\n0.5,0,\n0.25,1,\n0.75,2,\n", "found 2 names in 'a,b' at PATH:1, above rows of 3 cells, such as '0.5,0,'",
        "remove the separators at the end of the rows, or add as many at the end of the header")]
    [InlineData("mpg,cyl\nMazda,21.5,6\nDatsun,22.5,4\nHornet,18,8\n", "found 2 names in 'mpg,cyl' at PATH:1, above rows of 3 cells",
        "write a name for the first column at the beginning of the header")]
    [InlineData("value\n2,00\n2,20\n2,39\n", "found 1 name in 'value' at PATH:1, above rows of 2 cells, such as '2,00'",
        "write data.separator: semicolon and data.decimal: comma")]
    [InlineData("day,load\n2020-01-01,10,37\n2020-01-02,9,5\n2020-01-03,11,25\n",
        "found 2 names in 'day,load' at PATH:1, above rows of 3 cells, such as '2020-01-01,10,37'",
        "export it with semicolons between cells if commas stand in front of decimals")]
    [InlineData("a,b\nx,2,3\ny,5.5,6\nz,8,9\n", "found 2 names in 'a,b' at PATH:1, above rows of 3 cells",
        "write a name for the first column")]
    [InlineData("a,b\n1,2,3\n4,5,6\n7,8,9\n", "found 2 names in 'a,b' at PATH:1, above rows of 3 cells",
        "correct the header, or write data.skipRows: 1 and data.headerRows: 0 if the file has no header")]
    public void Header_IsNotSkipped_WhereItHasFewerCellsThanTheRows(string text, string found, string remedy)
    {
        string path = _directory.Write("x.csv", text);
        string problem = Given.Problem(Given.Csv(path));
        Assert.Contains(found.Replace("PATH", path, StringComparison.Ordinal), problem, StringComparison.Ordinal);
        Assert.Contains("; " + remedy, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousand_IsRefused_WhereItCouldBeOne()
    {
        string path = _directory.Write("x.csv", "day;visitors\n0;900\n1;1.000\n2;1.096\n");
        Assert.Contains(
            $"found '1.000' at {path}:3 in a column with '900', which could be 1000 or 1.000, expected numbers of which the spec says "
            + "what a point is; write data.thousands: point or data.decimal: point",
            Given.Problem(Given.Csv(path)), StringComparison.Ordinal);
        using IDataSource source = Given.Open(Given.Csv(path)
            .From<CsvSource>(csv => csv with { Inputs = ["visitors"], Thousands = '.' }));
        Assert.Equal([900f, 1000], source.Training.Inputs(0, 1));
    }

    [Theory]
    [InlineData("a,b\n1,2\n3,.\n5,6\n", "'.' in column 'b'", "if it stands for a missing value, write data.missing: [\".\"]")]
    [InlineData("a,b\n1,2\n3,?\n5,6\n", "'?' in column 'b'", "if it stands for a missing value, write data.missing: [\"?\"]")]
    [InlineData("a,b\n1,2\n3,n/a\n5,6\n", "'n/a' in column 'b'", "if it stands for a missing value, write data.missing: [\"n/a\"]")]
    [InlineData("a,b\n1,2\n3,?\n5,NA\n7,-\n9,10\n11,12\n", "'?' in column 'b'", "write data.missing: [\"?\", \"-\", \"NA\"]", 3)]
    [InlineData("a,b\n1,2\n3,na\n5,6\n", "'na' in column 'b'", "if it stands for a missing value, write data.missing: [\"na\"]")]
    [InlineData("a,b\n1,2\n3,<NA>\n5,6\n", "'<NA>' in column 'b'", "if it stands for a missing value, write data.missing: [\"<NA>\"]")]
    [InlineData("a,b\n1,2\n3,\\N\n5,6\n", "'\\N' in column 'b'", "if it stands for a missing value, write data.missing: [\"\\\\N\"]")]
    [InlineData("a,b\n1,2\n3,\"1,234,567\"\n5,6\n", "'1,234,567' in column 'b'", "write data.thousands: comma")]
    [InlineData("a,b\n1,2\n3,\"1,5\"\n5,6\n", "'1,5' in column 'b'", "write data.decimal: comma")]
    [InlineData("a,b\n1,2\n3,\"1,500\"\n5,6\n", "'1,500' in column 'b'", "write data.thousands: comma or data.decimal: comma")]
    [InlineData("a,b\n1,2\n3,12%\n5,6\n", "'12%' in column 'b'", "write plain numbers, without signs of currency or percent")]
    [InlineData("a,b\n1,2\n3,$12\n5,6\n", "'$12' in column 'b'", "write plain numbers, without signs of currency or percent")]
    [InlineData("a,b\n1,2\n3,5.2 °C\n5,6\n", "'5.2 °C' in column 'b'",
        "write plain numbers, without signs of currency or percent, units")]
    [InlineData("a,b\n1,2\n3,(7)\n5,6\n", "'(7)' in column 'b'", "write plain numbers, without signs of currency or percent, units")]
    [InlineData("a,b\n1,2\n3,\u22127\n5,6\n", "'\u22127' in column 'b'", "write numbers with the minus sign of ASCII")]
    [InlineData("a,b\n1,2\n3,'4'\n5,6\n", "''4'' in column 'b'", "remove the single quotes: cells are quoted by double ones")]
    [InlineData("a,b\n1,2\n3,1.5D-3\n5,6\n", "'1.5D-3' in column 'b'", "write the exponents of numbers with e")]
    [InlineData("a,b\n1,2\n3,b\n5,6\n", "'b' in column 'b'", "remove the row: it is the header once more")]
    [InlineData("a,b\n1,2\n3,TRUE\n5,6\n", "'TRUE' in column 'b'", "write 1 and 0, or name the column in data.categorical")]
    [InlineData("a,b\n1,2\n3,1'000\n5,6\n", "'1'000' in column 'b'", "write data.thousands: apostrophe")]
    [InlineData("a,b\n1,2\n3,1\u00a0000\n5,6\n", "'1\u00a0000' in column 'b'", "write data.thousands: blank")]
    [InlineData("a;b\n1;2\n3;1\u202f000,5\n5;6\n", "'1\u202f000,5' in column 'b'", "write data.decimal: comma and data.thousands: blank")]
    [InlineData("a,b\n1,2\n3,\"1.000,5\"\n5,6\n", "'1.000,5' in column 'b'", "write data.decimal: comma and data.thousands: point")]
    [InlineData("a,b\n1,2\n3,-inf\n5,6\n", "'-inf' in column 'b'", "correct it, or leave the column out")]
    [InlineData("a,b\n,2\n3,4\n5,6\n", "an empty cell in column 'a'",
        "write data.missingValues: mask, forward or interpolate, fill it, or leave")]
    [InlineData("a,b\n1,2\n3,NA\n5,6\n", "'NA', which stands for a missing value, in column 'b'",
        "write data.missingValues: mask, forward or interpolate, fill it, or leave")]
    public void Cell_IsRefused_WithARemedyThatFits(string text, string found, string remedy, int problems = 1)
    {
        IReadOnlyList<SpecProblem> all = Given.Problems(Given.Csv(_directory.Write("x.csv", text)));
        Assert.Equal(problems, all.Count);
        string problem = all[0].ToString();
        Assert.Contains("found " + found, problem, StringComparison.Ordinal);
        Assert.Contains(problems > 1 ? remedy : "; " + remedy, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Remedy_KeepsTheWordsThatTheSpecHas()
    {
        DataSpec data = Given.Csv(_directory.Write("x.csv", "a,b\n1,2\n?,NA\n5,6\n"))
            .From<CsvSource>(csv => csv with { Missing = ["?"], MissingValues = MissingValues.Mask });
        Assert.Contains("write data.missing: [\"?\", \"NA\"]", Given.Problem(data), StringComparison.Ordinal);
    }

    [Fact]
    public void Line_IsNamed_WhereLinesEndWithCarriageReturns()
    {
        string path = _directory.Write("x.csv", "A title\ra,b\r1,2.5\r3,x\r5,6.5\r");
        DataSpec data = Given.Csv(path).From<CsvSource>(csv => csv with { SkipRows = 1 });
        Assert.Contains($"'x' in column 'b' at {path}:4", Given.Problem(data), StringComparison.Ordinal);
        Assert.Contains("; write data.skipRows: 1", Given.Problem(Given.Csv(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyColumn_CannotBeLeftOut()
    {
        string problem = Given.Problem(Given.Csv(_directory.Write("x.csv", "day,DGS10\nx,3.00\ny,.\nz,3.15\n"))
            .From<CsvSource>(csv => csv with { Inputs = ["DGS10"] }));
        Assert.EndsWith(
            "x.csv:3, expected a number; if it stands for a missing value, write data.missing: [\".\"]", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Column_IsOfNumbers_WhereItBeginsWithOneTextAgainAndAgain()
    {
        string path = _directory.Write(
            "x.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i},{(i < 260 ? "-" : $"{i}")}\n")));

        string problem = Given.Problems(Given.Csv(path))[0].ToString();

        Assert.Contains($"'-' in column 'b' at {path}:2", problem, StringComparison.Ordinal);
        Assert.Contains("write data.missing: [\"-\"]", problem, StringComparison.Ordinal);
    }
}
