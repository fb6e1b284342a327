using Orleans.Tbptt.Client;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

public sealed class ControlTests : IDisposable
{
    private readonly ScriptedConsole _console = new();

    public ControlTests()
    {
        _console.Write(Sample.Status(RunState.Running));
        Cluster.IsAlive = address => address == _console.Standing;
    }

    private ScriptedCluster Cluster => _console.Cluster;

    [Fact]
    public async Task Stop_SaysHowTheRunEnded_AndHowToContinue()
    {
        Assert.Equal(0, await _console.RunAsync("stop", "wave"));

        Assert.Equal(["stop: stopped by 'tbptt stop'"], Cluster.Calls);
        Assert.Equal(
            $"stopped at step 1,200: stopped by 'tbptt stop'\nresume with: tbptt resume wave-1 --runs {_console.Runs}\n", _console.Output);
    }

    [Fact]
    public async Task Stop_IsNoError_WhenTheRunHasEndedAndItsSilosAreGone()
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(RunState.Completed));

        Assert.Equal(0, await _console.RunAsync("stop", "wave-1"));

        Assert.Equal("already ended: completed at step 1,200\n", _console.Output);
    }

    [Fact]
    public async Task Stop_AsksAgain_WhenTheSiloDiesThatWasAsked()
    {
        Cluster.BeforeControls.Enqueue(() => throw new IOException("the gateway is gone"));

        Assert.Equal(0, await _console.RunAsync("stop", "wave-1"));

        Assert.Equal(2, Cluster.Calls.Count);
        Assert.Contains("does not answer, retrying: the gateway is gone", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pause_SaysHowToContinue()
    {
        Assert.Equal(0, await _console.RunAsync("pause", "wave-1", "--cluster", "redis:h:1"));

        Assert.Equal(["pause: paused by 'tbptt pause'"], Cluster.Calls);
        Assert.Equal("paused at step 1,200\nresume with: tbptt resume wave-1 --cluster redis:h:1\n", _console.Output);
    }

    [Fact]
    public async Task Pause_ReportsTheCause_WhenItIsRefused()
    {
        Cluster.Problem = "it completed";

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("pause", "wave-1"));

        Assert.Equal("tbptt: run wave-1 cannot be paused: it completed\n", _console.Error);
    }

    [Fact]
    public async Task Pause_Refuses_WhereTheRunHasEndedAndNoClusterIsAlive()
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(RunState.Completed));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("pause", "wave-1"));

        Assert.StartsWith("tbptt: run wave-1 cannot be paused: completed", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_AsksTheCoordinatorAndReturns_WhereAClusterIsAlive()
    {
        Cluster.Status = Sample.Status(RunState.Paused);

        Assert.Equal(0, await _console.RunAsync("resume", "wave-1", "--from-start"));

        Assert.Equal([new ResumeRequest(null, FromStart: true, ProtocolVersion.Current)], Cluster.Resumptions);
        Assert.Equal($"run wave-1 is running at step 1,200\nattach with: tbptt attach wave-1 --runs {_console.Runs}\n", _console.Output);
        Assert.Equal(["resume"], Cluster.Calls);
    }

    [Fact]
    public async Task Resume_SaysThatTheBitsChange_WithAnotherNumberOfTrainers()
    {
        Assert.Equal(0, await _console.RunAsync("resume", "wave-1", "--trainers", "3"));

        Assert.Equal(3, Cluster.Resumptions[0].Trainers);
        Assert.StartsWith(
            "with 3 trainers: if the run has fewer shards, there will be as many, and the result matches within rounding, not to the bit; "
            + "with train.sync.mode local it differs\n",
            _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_ReportsTheCause_WhenItIsRefused()
    {
        Cluster.Problem = "none of its checkpoints is whole";

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("resume", "wave-1"));

        Assert.Equal("tbptt: run wave-1 cannot be resumed: none of its checkpoints is whole\n", _console.Error);
    }

    [Fact]
    public async Task Resume_RefusesSilos_WhereAClusterIsAlive()
    {
        Assert.Equal(ExitCode.Usage, await _console.RunAsync("resume", "wave-1", "--silos", "2"));

        Assert.Contains("--silos: run wave-1 belongs to cluster tbptt", _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Theory]
    [InlineData(RunState.Running)]
    [InlineData(RunState.Paused)]
    [InlineData(RunState.Stopped)]
    [InlineData(RunState.Failed)]
    public async Task Resume_StartsSilosAndWatches_WhereNoClusterIsAlive(RunState state)
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(state));
        Cluster.Add(Sample.Started(), Sample.Step(1), Sample.Resumed(2, 1), Sample.Step(2), Sample.Ended(RunState.Completed));

        Assert.Equal(0, await _console.RunAsync("resume", "wave", "--silos", "3", "--output", "json"));

        Assert.Equal(["launch", "resume", "end"], Cluster.Calls);
        Assert.Equal(("wave-1", 3), (Cluster.Plan!.Run.Text, Cluster.Plan.Silos));
        Assert.StartsWith("no silo of run wave-1 is alive; starting 3 silos for it", _console.Error, StringComparison.Ordinal);
        Assert.Equal(string.Concat(Cluster.Lines.Select(line => line + "\n")), _console.Output);
    }

    [Fact]
    public async Task Resume_StopsTheRunAtCtrlC_AsTrainDoes()
    {
        Cluster.IsAlive = _ => false;
        Cluster.Add(Sample.Resumed(2, 1));

        Assert.Equal(ExitCode.Interrupted, await _console.RunInterruptedAsync("resume", "wave-1"));
        Assert.Equal(["launch", "resume", "stop: stopped by Ctrl-C", "end"], Cluster.Calls);
        Assert.EndsWith($"interrupted; tbptt resume wave-1 --runs {_console.Runs}\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_EndsTheSilosWithTheCause_WhenTheCoordinatorRefuses()
    {
        Cluster.IsAlive = _ => false;
        Cluster.Problem = "none of its checkpoints is whole; --from-start begins again";

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("resume", "wave-1"));

        Assert.Equal(["launch", "resume", "end"], Cluster.Calls);
        Assert.Equal("tbptt: run wave-1 cannot be resumed: none of its checkpoints is whole; --from-start begins again\n", _console.Error);
    }

    [Theory]
    [InlineData(RunState.Completed)]
    [InlineData(RunState.Diverged)]
    public async Task Resume_StartsNothing_WhereNothingIsLeftToDo(RunState state)
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(state));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("resume", "wave-1"));

        Assert.Contains("run wave-1 cannot be resumed: it has ", _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Resume_SaysHowToTrainACompletedRunFurther()
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(RunState.Completed));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("resume", "wave-1"));

        Assert.Equal(
            "tbptt: run wave-1 cannot be resumed: it has completed at step 1,200; to train it further: tbptt resume wave-1 --set "
            + $"train.epochs=4 --runs {_console.Runs}\n", _console.Error);
    }

    [Fact]
    public async Task Resume_TrainsACompletedRunFurther()
    {
        Cluster.IsAlive = _ => false;
        Write(RunState.Completed, TestSpecs.Average(epochs: 2));
        Cluster.Add(Sample.Resumed(2, 1), Sample.Ended(RunState.Completed));

        Assert.Equal(0, await _console.RunAsync("resume", "wave-1", "--set", "train.epochs=4"));

        Assert.Equal(["train.epochs=4"], Assert.Single(Cluster.Resumptions).Sets);
    }

    [Theory]
    [InlineData("train.epochs=2", "--set train.epochs=2 train.epochs: found 2, expected more than 2, the epochs that the run has finished")]
    [InlineData("seed=9",
        "--set seed=9 seed: found a change, expected train.epochs, train.threads, train.output (last or best)")]
    public async Task Resume_StartsNothing_WhereTheSpecCannotBeChangedSo(string set, string error)
    {
        Cluster.IsAlive = _ => false;
        Write(RunState.Completed, TestSpecs.Average(epochs: 2));

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("resume", "wave-1", "--set", set));

        Assert.StartsWith(error, _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Resume_StartsNothing_WhereTheMachineLacksTheDevice()
    {
        Cluster.IsAlive = _ => false;
        var directory = Write(RunState.Stopped, TestSpecs.Average(epochs: 2) with { Device = new("cuda:1") });

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("resume", "wave-1"));

        Assert.StartsWith($"{directory.Spec}:3:1 device: found cuda:1, but no NVIDIA driver on this machine", _console.Error,
            StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Resume_StartsNothing_WhereAnotherClusterTrainsTheRun()
    {
        Cluster.IsAlive = _ => false;
        _console.Write(Sample.Status(RunState.Running) with { Cluster = "lab", UpdatedAt = TimeProvider.System.GetUtcNow() });

        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("resume", "wave-1"));

        Assert.Contains("run wave-1 is running in cluster lab", _console.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Train_LeavesAPausedRunPaused_AtCtrlC()
    {
        Cluster.Add(Sample.Started(), Sample.Paused(1));

        Assert.Equal(ExitCode.Interrupted, await _console.RunInterruptedAsync("train", "wave.yaml"));
        Assert.Equal(["launch", "submit", "end"], Cluster.Calls);
    }

    [Fact]
    public async Task Train_SaysHowToContinue_WhenEverySiloIsGone()
    {
        Cluster.Add(Sample.Started());
        var training = _console.RunAsync("train", "wave.yaml");
        await Cluster.Watched;
        Cluster.Lose("silo 1 ended with exit code 137");

        Assert.Equal(ExitCode.Unreachable, await training);
        Assert.EndsWith($"; resume with: tbptt resume {Cluster.Plan!.Run} --runs {_console.Runs}\n", _console.Error,
            StringComparison.Ordinal);
    }

    public void Dispose() => _console.Dispose();

    private RunDirectory Write(RunState state, RunSpec spec)
    {
        var directory = _console.Write(Sample.Status(state) with { EpochLosses = [1, 0.5] });
        File.WriteAllText(directory.Spec, SpecWriter.ToYaml(spec));
        return directory;
    }
}
