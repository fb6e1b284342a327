using System.Text.Json.Nodes;
using Orleans.Tbptt.Tests.Silo;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary><c>tbptt doctor</c> as a user runs it.</summary>
[Collection(Processes.Name), Slow]
public sealed class DoctorProcessTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task ThisMachine_CanTrain()
    {
        var (code, output, error) = await ConsoleProcess.RunToEnd(
            _directory.File("runs"), TestContext.Current.CancellationToken, "doctor", "--output", "json");

        var findings = JsonNode.Parse(output)!.AsArray().ToDictionary(one => one!["subject"]!.GetValue<string>(), one => one!);
        Assert.True(code == 0, output + error);
        Assert.DoesNotContain(findings.Values, finding => finding["verdict"]!.GetValue<string>() == "problem");
        Assert.StartsWith("loaded, TorchSharp 0.107", findings["libtorch"]["found"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("fused, on CPUs", findings["engine"]["found"]!.GetValue<string>());
        Assert.False(Directory.Exists(_directory.File("runs")));
    }

    public void Dispose() => _directory.Dispose();
}
