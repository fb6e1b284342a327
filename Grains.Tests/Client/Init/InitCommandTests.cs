using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Init;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Client.Init;

public sealed class InitCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StringWriter _out = new(), _error = new();

    private readonly SpecChecker _checker = new(SpecLoader.Load, (spec, fingerprint) =>
    {
        using var run = PreparedRun.Prepare(spec, fingerprint: fingerprint);
        return new(run.Spec, new(run.Files, run.Description));
    });

    [Theory]
    [InlineData("average")]
    [InlineData("sunspots")]
    [InlineData("stores")]
    [InlineData("tides")]
    [InlineData("bytes")]
    [InlineData("words")]
    public void Examples_AreWrittenWithTheirData_AndCanBeTrained(string name)
    {
        string spec = _directory.File("new/spec.yaml");

        Assert.Equal(0, Run(new() { Example = name, Spec = spec }));

        Assert.True(_checker.Check(spec, []).StepsPerEpoch > 0);
        Assert.Equal(SpecDocumentation.Schema(SpecLoader.Choices), File.ReadAllText(_directory.File("new/run-spec.schema.json")));
        Assert.StartsWith("# yaml-language-server: $schema=run-spec.schema.json\n", File.ReadAllText(spec), StringComparison.Ordinal);
        Assert.Equal(name == "average" ? 1 : 2, _out.ToString().Split("wrote ").Length - 2);
    }

    [Fact]
    public void Data_AreNamedFromTheSpecsDirectory()
    {
        File.WriteAllText(_directory.File("wave.csv"), "load\n1\n2\n3\n5\n");
        string spec = _directory.File("specs/wave.yaml");

        Assert.Equal(0, Run(new() { Data = _directory.File("wave.csv"), Spec = spec }));

        Assert.Equal(_directory.File("wave.csv"), Assert.Single(_checker.Check(spec, []).Spec.Data.Source.Paths));
        Assert.Contains("source: csv:../wave.csv ", File.ReadAllText(spec), StringComparison.Ordinal);
        Assert.Contains($"next: tbptt train {spec}\n", _out.ToString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(["run-spec.schema.json", "wave.yaml"], Directory.GetFiles(_directory.File("specs")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Files_AreOverwrittenWithForceOnly()
    {
        File.WriteAllText(_directory.File("wave.csv"), "load\n1\n2\n3\n5\n");
        File.WriteAllText(_directory.File("wave.yaml"), "mine");
        var request = new InitRequest { Data = _directory.File("wave.csv"), Spec = _directory.File("wave.yaml") };

        var exception = Assert.Throws<ClientException>(() => Run(request));

        Assert.Equal(ExitCode.Failed, exception.ExitCode);
        Assert.Contains("found an existing file, expected none; --force overwrites it", exception.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_directory.File("wave.yaml")));
        Assert.Equal(0, Run(request with { Force = true }));
        Assert.NotEqual("mine", File.ReadAllText(_directory.File("wave.yaml")));
    }

    [Fact]
    public void Data_AreNeverOverwritten()
    {
        string data = _directory.File("wave.csv");
        File.WriteAllText(data, "load\n1\n2\n");

        Assert.Equal(ExitCode.Usage, Assert.Throws<ClientException>(() => Run(new() { Data = data, Spec = data, Force = true })).ExitCode);

        Assert.Equal("load\n1\n2\n", File.ReadAllText(data));
    }

    /// <summary>What the checks of a spec refuse, but the survey does not, leaves nothing behind.</summary>
    [Fact]
    public void NoSpec_IsWritten_WhereTheDataCannotBeTrainedOn()
    {
        string data = _directory.File("wave.csv");
        File.WriteAllText(data, "load\n1\n2\n");
        var refusing = new SpecChecker(
            SpecLoader.Load, (_, _) => throw new SpecException([new("data.source", "little", "more", "add data") { Location = "line 1" }]));

        var problem = Assert.Single(Assert.Throws<SpecException>(() => InitCommand.Run(
            refusing, new() { Data = data, Spec = _directory.File("wave.yaml") }, new Terminal(_out, _error, null))).Problems);

        Assert.Equal((data, "little"), (problem.Location, problem.Found));
        Assert.Equal([data], Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public void AFileThatDoesNotExist_IsNamed() =>
        Assert.Contains("found no readable file", Assert.Throws<ClientException>(() =>
            Run(new() { Data = _directory.File("none.csv"), Spec = _directory.File("none.yaml") })).Message, StringComparison.Ordinal);

    public void Dispose()
    {
        _directory.Dispose();
        _out.Dispose();
        _error.Dispose();
    }

    private int Run(InitRequest request) => InitCommand.Run(_checker, request, new Terminal(_out, _error, null));
}
