using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data;

public sealed class CsvProblemTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("a,b\n1,2\nabc,4\n", "'abc' in column 'a' at PATH:3, expected a number")]
    [InlineData("a,b\n1,2\n,4\n", "an empty cell in column 'a' at PATH:3, expected a number")]
    [InlineData("a,b\n1,2\n4,NaN\n", "'NaN', which stands for a missing value, in column 'b' at PATH:3, expected a number")]
    [InlineData("a,b\n1,2\n4,-Infinity\n", "'-Infinity' in column 'b' at PATH:3, expected a finite number")]
    [InlineData("a,b\n1,2\n1e39,4\n", "'1e39' in column 'a' at PATH:3, expected a finite number in the range of float32")]
    [InlineData("a,b\n1,2\n\"1,5\",4\n", "'1,5' in column 'a' at PATH:3, expected a number")]
    [InlineData("a,b\n1,2\n3\n", "1 field at PATH:3, expected 2, as in the header")]
    [InlineData("a,b\n1,2\n3,4,5\n", "3 fields at PATH:3, expected 2, as in the header")]
    [InlineData("a,b\n1,2\n\n3,4\n", "an empty line at PATH:3, expected a row of numbers")]
    [InlineData("a\n1\n\n3\n", "an empty line at PATH:3, expected a row of numbers")]
    [InlineData("a,b\n\n1,2\n3,4\n", "an empty line at PATH:2, expected a row of numbers")]
    [InlineData("a,b\n1,2\n3,\"4\"x\n", "text after a closing quote at PATH:3")]
    [InlineData("a,b\n1,2\n3,\"4\n5,6\n", "a quote that is not closed at PATH:3")]
    [InlineData("a,b,a\n1,2,3\n", "2 columns named 'a' in PATH")]
    [InlineData("1,2\n3,4\n5,6\n", "numbers at PATH:1: '1', '2', expected a header row")]
    [InlineData("", "PATH, which is empty, expected a header row")]
    [InlineData("a,b\n", "only a header in PATH, expected rows of numbers")]
    [InlineData("a,b\r\n\r\n", "only a header in PATH, expected rows of numbers")]
    [InlineData("\n1,2\n", "no names at PATH:1")]
    public void File_IsRefused_WithThePlaceOfTheMistake(string text, string message)
    {
        string path = _directory.Write("x.csv", text);
        string problem = Given.Problem(Given.Csv(path));
        Assert.StartsWith("data.source: found " + message.Replace("PATH", path, StringComparison.Ordinal), problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_AreCounted_AcrossQuotedLineBreaks()
    {
        string path = _directory.Write("x.csv", "a,note\n1,\"two\nlines\"\n2,x\nabc,x\n");
        Assert.Contains($"at {path}:5,", Given.Problem(Given.Csv(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_Are20AndCounted_WhenThereAreMany()
    {
        string path = _directory.Write("x.csv", "a,b\n1,2\n" + string.Concat(Enumerable.Repeat("x,y\n", 1000)));
        IReadOnlyList<SpecProblem> problems =
            Given.Problems(Given.Csv(path).From<CsvSource>(csv => csv with { Inputs = ["a", "b"] }));
        Assert.Equal(21, problems.Count);
        Assert.Contains($"'x' in column 'a' at {path}:3", problems[0].Found, StringComparison.Ordinal);
        Assert.Contains($"'y' in column 'b' at {path}:12", problems[19].Found, StringComparison.Ordinal);
        Assert.Equal($"and 1980 more mistakes in {path}", problems[20].Found);
    }

    [Fact]
    public void Columns_AreRefused_WithTheNamesThereAre()
    {
        string path = _directory.Write("x.csv", "a,b\n1,2\n3,4\n");
        IReadOnlyList<SpecProblem> problems =
            Given.Problems(Given.Csv(path).From<CsvSource>(csv => csv with { Inputs = ["A", "b", "b"], Targets = ["c"] }));
        Assert.Equal(
            [
                "data.inputs: found 'A', expected one of the file's columns: 'a', 'b'; correct the name",
                "data.inputs: found 'b' more than once, expected each column once; remove the others",
                "data.targets: found 'c', expected one of the file's columns: 'a', 'b'; correct the name",
            ],
            problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Columns_AreAskedFor_WhenNoneHoldsNumbers()
    {
        string path = _directory.Write("x.csv", "a,b\nx,y\n");
        string start = $"data.inputs: found no column of numbers in {path}: 'a', 1 of 1 cells are no numbers, such as 'x'; 'b', ";
        Assert.StartsWith(start, Given.Problem(Given.Csv(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void File_IsRefused_WithFewerRowsThanLanesNeed()
    {
        string path = _directory.Write("x.csv", "a\n1\n2\n3\n");
        Assert.StartsWith(
            $"data.batchSize: found 3 with 3 rows in {path}, expected at least 4 rows", Given.Problem(Given.Csv(path, lanes: 3)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void File_IsRefused_WhenItIsMissingOrADirectory()
    {
        Assert.StartsWith($"data.source: found no file '{_directory.File("y.csv")}'", Given.Problem(Given.Csv(_directory.File("y.csv"))),
            StringComparison.Ordinal);
        Assert.StartsWith("data.source: found ", Given.Problem(Given.Csv(_directory.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Record_IsRefused_WhenAnOpenQuoteWouldSwallowTheFile()
    {
        string path = _directory.Write("x.csv", "a,b\n1,2\n\"3,4\n" + string.Concat(Enumerable.Repeat("5,6\n", 3_000_000)));
        Assert.StartsWith($"data.source: found a row at {path}:3 longer than 4 MiB", Given.Problem(Given.Csv(path)),
            StringComparison.Ordinal);
    }
}
