using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Data.Preparation;
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
    public void Data_GetASpecThatReadsThem(string name)
    {
        string path = Write(name, $"hour,power\n{string.Concat(Enumerable.Range(0, 200).Select(hour => $"{hour},{hour % 7}\n"))}");

        var exception = Assert.Throws<ClientException>(() => DataGivenAsSpec.Refuse(path));

        Assert.Equal(ExitCode.BadSpec, exception.ExitCode);
        string file = $"{Path.GetFileNameWithoutExtension(name)}.yaml";
        Assert.StartsWith(
            $"{path}: found data ({Path.GetExtension(name)}), expected a run spec in YAML or JSON; "
            + $"save this as {file}, then: tbptt train {file}\n",
            exception.Message, StringComparison.Ordinal);
        Assert.EndsWith("\n\ndocs/run-spec.md lists every key.", exception.Message, StringComparison.Ordinal);
        var document = SpecLoader.Load(Write(file, exception.Message.Split("\n\n")[1]), []);
        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!, fingerprint: false);
        Assert.Equal([path], run.Spec.Data.Source.Paths);
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
    public void Formats_ThatNoSourceReads_GetARemedy()
    {
        var exception = Assert.Throws<ClientException>(() => DataGivenAsSpec.Refuse(Write("wave.parquet", "PAR1")));

        Assert.Contains("no source reads this format: convert it to .csv or .npy", exception.Message, StringComparison.Ordinal);
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
        var checker = new SpecChecker((_, _) => throw new InvalidOperationException("read"), _ => throw new SpecException([]));

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
