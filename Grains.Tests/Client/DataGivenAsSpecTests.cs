using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Client;

public sealed class DataGivenAsSpecTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("wave.csv")]
    [InlineData("it's my wave #1.csv")]
    [InlineData("text.txt")]
    public void Data_GetACommandThatWritesASpec(string name)
    {
        string path = Write(name, "hour,power\n0,1\n");

        var exception = Assert.Throws<ClientException>(() => DataGivenAsSpec.Refuse(path));

        Assert.Equal(ExitCode.BadSpec, exception.ExitCode);
        Assert.Equal(
            $"{path}: found data ({Path.GetExtension(name)}), expected a run spec in YAML or JSON; "
            + $"'tbptt init {Shell.Word(path)}' looks at it and writes a spec that trains on it", exception.Message);
    }

    [Fact]
    public void Arrays_GetASpecThatLacksTheirTargetsOnly()
    {
        string path = Write("inputs.NPY", "");

        var exception = Assert.Throws<ClientException>(() => DataGivenAsSpec.Refuse(path));

        var problem = Assert.Single(SpecLoader.Load(Write("inputs.yaml", exception.Message.Split("\n\n")[1]), []).Problems);
        Assert.Contains("TARGETS.npy", problem.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Tabs_GetTheKeyThatReadsThem()
    {
        var exception = Assert.Throws<ClientException>(() => DataGivenAsSpec.Refuse(Write("wave.tsv", "a\tb\n1\t2\n")));

        Assert.Contains(".tsv with separator: tab in a spec", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spec.txt", "# a spec\ntrain:\n  epochs: 1\n")]
    [InlineData("spec.txt", "{\"model\": {}}")]
    [InlineData("spec.yaml", "1,2,3\n")]
    public void Specs_AreNotData(string name, string text) => DataGivenAsSpec.Refuse(Write(name, text));

    [Fact]
    public void AFileThatDoesNotExist_IsLeftToTheReader() => DataGivenAsSpec.Refuse(_directory.File("none.csv"));

    [Fact]
    public void Checker_RefusesData_BeforeItReadsThem()
    {
        string path = Write("wave.csv", "a\n1\n");
        var checker = new SpecChecker((_, _) => throw new InvalidOperationException("read"), (_, _) => throw new SpecException([]));

        Assert.Throws<ClientException>(() => checker.Read(path, []));
    }

    public void Dispose() => _directory.Dispose();

    private string Write(string name, string text)
    {
        string path = _directory.File(name);
        File.WriteAllText(path, text);
        return path;
    }
}
