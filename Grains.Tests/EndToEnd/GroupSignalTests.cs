using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Silo;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>Signals to the console and its silos at the same time, as Slurm, systemd and <c>timeout</c> send them.</summary>
[Collection(Processes.Name), Slow]
public sealed class GroupSignalTests : IDisposable
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private readonly TemporaryDirectory _directory = new();

    private string Runs => _directory.File("runs");

    [Theory(Timeout = 120_000)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Train_StopsAtItsLastCommittedStep_OnSigtermToTheWholeGroup(int silos)
    {
        using var console = await Train(silos);

        console.SignalGroup(Terminate);
        // 'timeout' sends it to its child and to the child's group.
        console.SignalGroup(Terminate);

        Assert.Equal(143, await console.EndOfEvents(TestContext.Current.CancellationToken));
        var status = console.Run.ReadStatus()!;
        Assert.Equal((RunState.Stopped, "stopped by SIGTERM"), (status.State, status.Message));
        Assert.Equal(status.Step, status.CheckpointStep);
        Assert.Equal(status.Step, console.Events.OfType<StepCommitted>().Last().Step);
        Assert.Equal(0, console.LivingSilos());
    }

    [Fact(Timeout = 120_000)]
    public async Task Run_IsStopped_WhenItsSilosGetSigterm_AndTheConsoleDoesNot()
    {
        using var console = await Train(2);

        foreach (int silo in console.Silos())
            ConsoleProcess.Send(silo, Terminate);

        Assert.Equal(3, await console.EndOfEvents(TestContext.Current.CancellationToken));
        Assert.Equal("stopped because all its silos were shut down", console.Run.ReadStatus()!.Message);
    }

    [Fact(Timeout = 120_000)]
    public async Task Run_IsStopped_WhenItsConsoleIsKilled()
    {
        using var console = await Train(1);
        using var silo = System.Diagnostics.Process.GetProcessById(Assert.Single(console.Silos()));

        ConsoleProcess.Send(console.Pid, Kill);
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

        var status = console.Run.ReadStatus()!;
        Assert.Equal((RunState.Stopped, status.Step), (status.State, status.CheckpointStep));
    }

    [Fact(Timeout = 120_000)]
    public async Task Run_IsListedAsInterrupted_WhenEverythingWasKilled()
    {
        using var console = await Train(1);
        using var silo = System.Diagnostics.Process.GetProcessById(Assert.Single(console.Silos()));

        console.SignalGroup(Kill);
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

        var (_, list, _) = await ConsoleProcess.RunToEnd(Runs, TestContext.Current.CancellationToken, "ls");
        Assert.Matches($@"\n{console.Run.Id} +interrupted .* tbptt resume {console.Run.Id} --runs ", list);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>A console that trains, with its silos in a process group of its own.</summary>
    private async Task<ConsoleProcess> Train(int silos)
    {
        string spec = _directory.File("spec.yaml");
        await File.WriteAllTextAsync(spec, SpecWriter.ToYaml(TestSpecs.Average(epochs: 100_000)));
        var console = ConsoleProcess.StartGroup(Runs, "train", spec, "--silos", $"{silos}", "--output", "json");
        await console.Await<StepCommitted>(step => step.Step > 5, TestContext.Current.CancellationToken);
        return console;
    }
}
