using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Tests.Silo;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary><c>tbptt serve</c> as a user runs it.</summary>
[Collection(Processes.Name), Slow]
public sealed class ServeProcessTests : IDisposable
{
    private const int Interrupt = 2;
    private readonly TemporaryDirectory _directory = new();

    /// <summary>Nothing that only silos need stays in the run store; the streams do.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Serve_LeavesNoMembershipFile()
    {
        var cancellation = TestContext.Current.CancellationToken;
        string runs = _directory.File("runs");
        string package = TrainedModels.Of(_directory, TrainedModels.OneSeries).Save(_directory.File("shop"));
        using var console = ConsoleProcess.Start(runs, "serve", package, "--http", "127.0.0.1:0");
        await console.AwaitLine("Ctrl-C ends", cancellation);
        string membership = SqliteMembership.DirectoryIn(runs);
        Assert.True(File.Exists(Path.Combine(membership, "Serve-shop.db")));

        console.Signal(Interrupt);

        Assert.Equal(130, (await console.End(cancellation)).ExitCode);
        Assert.Equal(["Serve-shop.log"], Directory.GetFiles(membership).Select(Path.GetFileName));
    }

    public void Dispose() => _directory.Dispose();
}
