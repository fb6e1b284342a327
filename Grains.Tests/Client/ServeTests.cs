using Orleans.Tbptt.Client;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

/// <summary><c>tbptt serve</c>: what is started, and what is printed.</summary>
public sealed class ServeTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Package_IsServed_UntilTheSiloEnds()
    {
        string package = TrainedModels.Of(_directory, TrainedModels.OneSeries).Save(_directory.File("Shops"));
        _console.Cluster.Lose("silo (process 4711) was killed by signal 9");

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("serve", package));

        var plan = Assert.Single(_console.Cluster.Served);
        Assert.Equal(("shops", package, "8080"), (plan.Name, plan.Package, plan.Http));
        Assert.Contains(
            "streams  http://127.0.0.1:8080/api/models/shops/streams/STREAM\n", _console.Output, StringComparison.Ordinal);
        Assert.Contains("rows     sales\nanswers  sales, 1 row ahead\n", _console.Output, StringComparison.Ordinal);
        Assert.Contains("{\"first\": 1, \"rows\": [{\"sales\": 0}]}", _console.Output, StringComparison.Ordinal);
        Assert.Contains("the model is not served any more: silo (process 4711) was killed", _console.Error, StringComparison.Ordinal);
        Assert.Equal(["end"], _console.Cluster.Calls);
    }

    [Fact]
    public async Task Interruption_EndsTheSilo()
    {
        string package = TrainedModels.Of(_directory, TrainedModels.OneSeries).Save(_directory.File("package"));
        _console.Interrupt();

        Assert.Equal(ExitCode.Interrupted, await _console.RunAsync("serve", package, "--name", "here", "--http", "0"));

        Assert.Equal("here", Assert.Single(_console.Cluster.Served).Name);
        Assert.Equal(["end"], _console.Cluster.Calls);
    }

    [Fact]
    public async Task Model_IsRefused_ThatCannotBeServed()
    {
        string package = TrainedModels.Of(_directory, TrainedModels.OneSeries, "missingValues: interpolate,")
            .Save(_directory.File("a package"));

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("serve", package));
        Assert.Contains(
            "data.missingValues: interpolate, expected a model whose inputs depend on no rows but", _console.Error,
            StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, await _console.RunAsync("serve", "no/such/directory"));
        Assert.Empty(_console.Cluster.Served);
    }

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }
}
