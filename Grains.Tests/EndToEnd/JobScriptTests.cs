using System.Diagnostics;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Silo;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>
/// The scripts of <c>deploy</c> by which service managers and batch systems train: asked to end, they leave a run that the next start
/// continues.
/// </summary>
[Collection(Processes.Name), Slow]
public sealed class JobScriptTests : IDisposable
{
    private const string Spec =
        """
        name: wave
        model: {hiddenSize: 8}
        data: {source: sine, sequences: 64, sequenceLength: 100, batchSize: 8}
        tbptt: {chunkLength: 10}
        train: {trainers: 2, epochs: 120, loss: mse, optimizer: {name: adam, lr: 1e-3}}
        """;

    private readonly TemporaryDirectory _directory = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public JobScriptTests()
    {
        InstalledPrograms.Write(_directory);
        File.WriteAllText(_directory.File("wave.yaml"), Spec);
    }

    [Fact]
    public async Task AService_ContinuesItsRun_AndBeginsNoneThatHasEnded()
    {
        string[] command = [SourceTree.Of("deploy", "systemd", "tbptt-run"), "wave", "wave.yaml", "runs"];

        Assert.Equal(143, await InterruptAsync([], command));
        Assert.Equal(RunState.Stopped, Status("wave").State);

        Assert.Equal(0, (await RunAsync([], command)).Code);
        Assert.Equal(RunState.Completed, Status("wave").State);

        var (code, output) = await RunAsync([], command);
        Assert.Equal((0, "run wave has completed\n"), (code, output));
        Assert.Single(RunDirectory.All(_directory.File("runs")));
    }

    /// <summary>As Slurm does before a job's time limit: SIGTERM to the batch script, and the same job again.</summary>
    [Fact]
    public async Task AJob_IsRequeuedBeforeItsTimeLimit_AndContinuesItsRun()
    {
        // Tasks on this machine, which get the signals that srun gets.
        InstalledPrograms.Script(_directory, "srun",
            """
            while [ "${1#--}" != "$1" ]; do shift; done
            trap 'kill -TERM $one $two' TERM
            "$@" & one=$!
            "$@" & two=$!
            while kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null; do wait $one $two; done
            """);
        InstalledPrograms.Script(_directory, "scontrol", "echo \"$@\" > requeued");
        string[] command = ["bash", SourceTree.Of("deploy", "slurm", "tbptt.sbatch")];
        Dictionary<string, string> job = new() { ["SLURM_JOB_ID"] = "7", ["SLURM_JOB_NUM_NODES"] = "1", ["SPEC"] = "wave.yaml" };

        Assert.Equal(0, await InterruptAsync(job, command));
        Assert.Equal("requeue 7\n", File.ReadAllText(_directory.File("requeued")));
        Assert.False(Status("job-7").HasEnded);
        Assert.NotNull(Status("job-7").CheckpointStep);

        File.Delete(_directory.File("requeued"));
        var (code, output) = await RunAsync(job, command);
        Assert.True(code == 0, output);
        Assert.Equal(RunState.Completed, Status("job-7").State);
        Assert.False(File.Exists(_directory.File("requeued")));
    }

    [Fact]
    public async Task AJobOfSeveralNodes_IsRefused_WithoutRedis()
    {
        Dictionary<string, string> job = new()
        {
            ["SLURM_JOB_ID"] = "7", ["SLURM_JOB_NUM_NODES"] = "2", ["SPEC"] = "wave.yaml", ["PATH"] = "/nowhere",
        };

        Assert.Equal(78,
            (await RunAsync(job, "/bin/bash", "-c",
                $"PATH=; mkdir() {{ :; }}; . {SourceTree.Of("deploy", "slurm", "tbptt.sbatch")}")).Code);
    }

    public void Dispose() => _directory.Dispose();

    private RunStatus Status(string run) => new RunDirectory(_directory.File("runs"), RunId.Parse(run)).ReadStatus()!;

    private Process Start(Dictionary<string, string> variables, string[] command)
    {
        // A test run that was itself started in the background ignores SIGINT, and what it starts would, too.
        var start = new ProcessStartInfo("env", ["--default-signal", .. command])
        {
            RedirectStandardOutput = true, WorkingDirectory = _directory.Path,
        };
        start.Environment["PATH"] = $"{_directory.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["TMPDIR"] = _directory.Path;
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Sends SIGTERM once the run has made an epoch.</summary>
    private async Task<int> InterruptAsync(Dictionary<string, string> variables, string[] command)
    {
        using var process = Start(variables, command);
        while (await process.StandardOutput.ReadLineAsync(_cancellation) is { } line
            && !line.StartsWith("epoch ", StringComparison.Ordinal))
        {
            // Lines before the first epoch.
        }

        // At once: on a busy machine the run may end before another program has been started to send it.
        Chaos.Harness.Signals.Send(process.Id, Chaos.Harness.Signal.Terminate);
        await process.StandardOutput.ReadToEndAsync(_cancellation);
        await process.WaitForExitAsync(_cancellation);
        return process.ExitCode;
    }

    private async Task<(int Code, string Output)> RunAsync(Dictionary<string, string> variables, params string[] command)
    {
        using var process = Start(variables, command);
        string output = await process.StandardOutput.ReadToEndAsync(_cancellation);
        await process.WaitForExitAsync(_cancellation);
        return (process.ExitCode, output);
    }
}
