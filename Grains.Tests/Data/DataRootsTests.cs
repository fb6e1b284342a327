using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

public sealed class DataRootsTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly DataRoots _roots;

    public DataRootsTests()
    {
        _directory.Write("inside/a.txt", "0123456789");
        _directory.Write("inside/deep/b.txt", "0123456789");
        _directory.Write("outside/secret.txt", "secret 456");
        _directory.Write("inside-not/c.txt", "0123456789");
        _roots = new([_directory.File("inside")]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Path_IsLetIn_WhenItLiesBelowARoot()
    {
        Assert.Empty(Check("inside/*.txt"));
        Assert.Empty(Check("inside/a.txt"));
        Assert.Empty(Check("inside/not/there.txt"));
        Assert.Equal(20, Stream("inside/**/*.txt"));
    }

    [Fact]
    public void EveryPath_IsLetIn_WithoutRoots()
    {
        Assert.Empty(DataRoots.Anywhere.Check(Spec("outside/*")));
        Assert.False(DataRoots.Anywhere.IsLimited);
    }

    [Theory]
    [InlineData("outside/*.txt")]
    [InlineData("inside-not/*.txt")]
    [InlineData("inside/../outside/*.txt")]
    [InlineData("*/a.txt")]
    public void Path_IsRefused_WhenItLiesElsewhere(string glob)
    {
        string problem = Assert.Single(Check(glob));

        Assert.StartsWith("data.source: found '", problem, StringComparison.Ordinal);
        Assert.EndsWith(
            $"expected a path below the silo's data root: {_directory.File("inside")}; move the data there, or ask the silo's operator " +
            "to add a data root",
            problem, StringComparison.Ordinal);
        Assert.Equal(problem, Assert.Single(OpeningProblems(glob)));
    }

    [Fact]
    public void EveryPathOfASpec_IsChecked()
    {
        RunSpec spec = Spec("outside/*.txt");
        spec = spec with
        {
            Data = spec.Data.From<ByteSource>(bytes => bytes with { Exclude = [_directory.File("inside/x*"), "/etc/**"] }),
            Model = spec.Model with { InitFrom = "/etc/passwd" },
        };
        Assert.Equal(["data.source", "data.exclude", "model.initFrom"], _roots.Check(spec).Select(problem => problem.Key));

        RunSpec arrays = Given.Spec(Given.Npy(_directory.File("inside/x.npy"), "/etc/passwd", _directory.File("outside/n.npy")));
        Assert.Equal(2, _roots.Check(arrays).Count);
        Assert.Single(_roots.Check(Given.Spec(Given.Csv("/etc/passwd"))));
    }

    [Fact]
    public void Link_IsRefused_WhenItLeadsOut()
    {
        File.CreateSymbolicLink(_directory.File("inside/link.txt"), "../outside/secret.txt");
        string found = $"found '{_directory.File("inside/link.txt")}', which leads to '{_directory.File("outside/secret.txt")}'";

        Assert.Contains(found, Assert.Single(Check("inside/link.txt")), StringComparison.Ordinal);
        Assert.Contains(found, Assert.Single(OpeningProblems("inside/*.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void Glob_DoesNotStepOut_ThroughALinkedDirectory()
    {
        Directory.CreateSymbolicLink(_directory.File("inside/way"), _directory.File("outside"));

        Assert.Contains(
            $"'{_directory.File("inside/way")}', which leads to '{_directory.File("outside")}'",
            Assert.Single(OpeningProblems("inside/**/*.txt")),
            StringComparison.Ordinal);
        Assert.Single(Check("inside/way/*.txt"));
        Assert.StartsWith("data.source: found '..' after a wildcard", Assert.Single(Check("inside/*/../../outside/*")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Link_IsLetIn_WhenItLeadsToAnotherPlaceBelowARoot()
    {
        Directory.CreateSymbolicLink(_directory.File("inside/more"), _directory.File("inside/deep"));
        Directory.CreateSymbolicLink(_directory.File("root"), _directory.File("inside"));
        var roots = new DataRoots([_directory.File("root")]);

        Assert.Empty(roots.Check(Spec("root/a.txt")));
        Assert.Empty(roots.Check(Spec("inside/a.txt")));
        using PreparedRun run = PreparedRun.Prepare(Spec("root/**/*.txt"), roots);
        Assert.Equal(
            ["root/a.txt", "root/deep/b.txt", "root/more/b.txt"],
            run.Files.Select(file => Path.GetRelativePath(_directory.Path, file.Path)));
    }

    [Fact]
    public void Glob_Ends_WhenLinkedDirectoriesGoRound()
    {
        Directory.CreateSymbolicLink(_directory.File("inside/up"), "..");
        Directory.CreateSymbolicLink(_directory.File("inside/self"), ".");
        Directory.CreateSymbolicLink(_directory.File("inside/deep/back"), "../deep");
        using PreparedRun run = PreparedRun.Prepare(Spec("inside/**/*.txt"));

        // Its own two, and the two next to it by way of the link up.
        Assert.Equal(
            ["inside/a.txt", "inside/deep/b.txt", "inside/up/inside-not/c.txt", "inside/up/outside/secret.txt"],
            run.Files.Select(file => Path.GetRelativePath(_directory.Path, file.Path)));
    }

    [Fact]
    public void Link_ThatIsSwappedLater_IsFoundWithoutReadingWhatItLeadsTo()
    {
        string link = _directory.File("inside/link.txt");
        File.CreateSymbolicLink(link, "a.txt");
        using PreparedRun run = PreparedRun.Prepare(Spec("inside/link.txt"), _roots);
        Assert.Null(run.FindChange());

        File.Delete(link);
        File.CreateSymbolicLink(link, "../outside/secret.txt");

        Assert.StartsWith($"data file '{link}' leads out of the data roots", run.FindChange(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("data")]
    [InlineData("../data")]
    public void Root_IsRefused_WhenItIsNotAbsolute(string root) =>
        Assert.Contains("expected an absolute path", Assert.Throws<ArgumentException>(() => new DataRoots(["/data", root])).Message,
            StringComparison.Ordinal);

    private RunSpec Spec(string glob) =>
        Given.Spec(Given.Bytes(_directory.File(glob)), new() { Cell = new LstmCell(), HiddenSize = 2, Embedding = new() { Size = 2 } },
            new CrossEntropy());

    private IEnumerable<string> Check(string glob) => _roots.Check(Spec(glob)).Select(problem => problem.ToString());

    private IEnumerable<string> OpeningProblems(string glob) =>
        Assert.Throws<SpecException>(() => PreparedRun.Prepare(Spec(glob), _roots).Dispose()).Problems.Select(problem =>
            problem.ToString());

    private long Stream(string glob)
    {
        using PreparedRun run = PreparedRun.Prepare(Spec(glob), _roots);
        return run.Files.Sum(file => file.Length);
    }
}
