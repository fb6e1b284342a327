using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public sealed class SpecSourceTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("spec").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("csv:../a b.csv", new[] { "/a b.csv" })]
    [InlineData("csv:/x/a:b,c.csv", new[] { "/x/a:b,c.csv" })]
    [InlineData("npy:in.npy, out.npy", new[] { "/base/in.npy", "/base/out.npy" })]
    [InlineData("npy:in.npy,out.npy,len.npy", new[] { "/base/in.npy", "/base/out.npy", "/base/len.npy" })]
    public void Paths_AreMadeAbsolute_WhenRelative(string source, string[] paths) =>
        Assert.Equal(paths, Sound(Sine.With($"  source: \"{source}\"")).Data.Source.Paths);

    [Theory]
    [InlineData("texts/**/*.txt", "/base/texts/**/*.txt")]
    [InlineData("../*", "/*")]
    [InlineData("*.txt", "/base/*.txt")]
    [InlineData("/a/./b/../c*d/../e", "/a/c*d/../e")]
    [InlineData("one/file.txt", "/base/one/file.txt")]
    public void Glob_KeepsItsWildcards_WhenMadeAbsolute(string glob, string expected)
    {
        DataSpec data = Sound(Bytes.With($"  source: bytes:{glob}").After("  batchSize", $"  exclude: ['{glob}']")).Data;

        Assert.Equal([expected], data.Source.Paths);
        Assert.Equal([expected], ((ByteSource)data.Source).Exclude);
    }

    [Theory]
    [InlineData("a?.txt", "?", "?")]
    [InlineData("**/[ab].txt", "[", "[ and ]")]
    public void Glob_IsRefused_WhenItHasOtherWildcards(string glob, string found, string replaced)
    {
        string text = Bytes.With($"  source: 'bytes:{glob}'").After("  batchSize", $"  exclude: ['{glob}']");

        Assert.Equal(
            [
                $"run.yaml:5:3 data.source: found {found} in the glob {glob}, expected * and ** as wildcards; write * in the place of " +
                $"{replaced}",
                $"run.yaml:7:3 data.exclude: found {found} in the glob {glob}, expected * and ** as wildcards; write * in the place of " +
                $"{replaced}",
            ],
            SpecLoader.Parse(text, "run.yaml", "/base").Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Glob_MayLieInADirectoryOfAnyName_WhenItIsRelative()
    {
        RunSpec spec = SpecLoader.Parse(Bytes, "run.yaml", "/a[1]?").Spec!;

        Assert.Equal(["/a[1]?/texts/**/*.txt"], spec.Data.Source.Paths);
        Assert.Equal(spec, SpecLoader.Parse(SpecWriter.ToYaml(spec), "run.yaml", "/", filesMustExist: false).Spec);
    }

    [Theory]
    [InlineData("sine:x", "sine:x, expected sine")]
    [InlineData("csv", "csv without a path, expected csv:PATH")]
    [InlineData("'csv:'", "csv without a path, expected csv:PATH")]
    [InlineData("bytes", "bytes without a path, expected bytes:GLOB")]
    [InlineData("npy:a.npy", "1 path, expected npy:INPUTS,TARGETS[,LENGTHS]; name two or three files")]
    [InlineData("npy:a,b,c,d", "4 paths, expected npy:INPUTS,TARGETS[,LENGTHS]; name two or three files")]
    [InlineData("'npy:a,,b'", "an empty path, expected npy:INPUTS,TARGETS[,LENGTHS]; name two or three files")]
    [InlineData("'csv:a\"b\tc'", "the text \"csv:a\"b\\u0009c\", expected average")]
    public void Source_IsRefused_WhenItsPathsAreNotThose(string source, string found) =>
        Assert.StartsWith($"run.yaml:5:3 data.source: found {found}", Problem(Sine.With($"  source: {source}")), StringComparison.Ordinal);

    [Fact]
    public void Npy_IsRefused_WhenTheDirectoryHasAComma()
    {
        SpecDocument document = SpecLoader.Parse(Sine.With("  source: npy:i.npy,t.npy"), "run.yaml", "/a,b", filesMustExist: false);

        Assert.Equal(
            "run.yaml:5:3 data.source: found a comma in the path /a,b/i.npy, expected npy:INPUTS,TARGETS[,LENGTHS]; rename the " +
            "directory: commas part the files of a npy source",
            Assert.Single(document.Problems).ToString());
    }

    [Fact]
    public void File_IsAProblem_WhenItIsMissing()
    {
        File.WriteAllText(Path.Combine(_directory, "here.npy"), "");
        string text = Sine.With("  source: npy:here.npy,gone.npy").After("  hiddenSize", "  initFrom: .");

        SpecDocument document = SpecLoader.Parse(text, "run.yaml", _directory);

        Assert.Equal(
            [
                $"run.yaml:4:3 model.initFrom: found a directory at {_directory}, expected a safetensors file, or the directory of a " +
                "model package; correct the path, relative to the spec's directory",
                $"run.yaml:6:3 data.source: found no such file {_directory}/gone.npy, expected a NumPy file; correct the path, relative " +
                "to the spec's directory",
            ],
            document.Problems.Select(problem => problem.ToString()));
        Assert.NotNull(SpecLoader.Parse(text, "run.yaml", _directory, filesMustExist: false).Spec);
    }

    [Fact]
    public void Load_ResolvesPaths_AgainstTheDirectoryOfTheFile()
    {
        File.WriteAllText(Path.Combine(_directory, "x.csv"), "a\n1\n");
        string file = Path.Combine(_directory, "my.yaml");
        File.WriteAllText(file, Sine.With("  source: csv:x.csv").Replace("name: waves\n", "", StringComparison.Ordinal));

        SpecDocument document = SpecLoader.Load(file, ["seed=4"]);

        Assert.Empty(document.Problems);
        Assert.Equal([Path.Combine(_directory, "x.csv")], document.Spec!.Data.Source.Paths);
        Assert.Equal(("my", 4), (document.Spec.Name, document.Spec.Seed));
    }

    [Fact]
    public void Load_GivesAProblem_WhenTheFileCannotBeRead()
    {
        string junk = Path.Combine(_directory, "junk.yaml");
        File.WriteAllBytes(junk, [0xff, 0xfe, 0x00, 0x80]);
        string large = Path.Combine(_directory, "large.yaml");
        File.WriteAllText(large, new string(' ', (1 << 20) + 1));
        string gone = Path.Combine(_directory, "gone.yaml");

        Assert.Equal($"{gone}: found no such file {gone}, expected a run spec in YAML or JSON; check the path", Loaded(gone));
        Assert.Equal($"{_directory}: found a directory at {_directory}, expected a run spec in YAML or JSON; name a file",
            Loaded(_directory));
        Assert.StartsWith($"{junk}: found bytes that are not UTF-8 text, ", Loaded(junk), StringComparison.Ordinal);
        Assert.StartsWith($"{large}: found more than 1,048,576 bytes, ", Loaded(large), StringComparison.Ordinal);
        Assert.StartsWith(": found a file that cannot be read", Loaded(""), StringComparison.Ordinal);
    }

    private static string Loaded(string path)
    {
        SpecDocument document = SpecLoader.Load(path, []);
        Assert.Null(document.Spec);
        return Assert.Single(document.Problems).ToString();
    }
}
