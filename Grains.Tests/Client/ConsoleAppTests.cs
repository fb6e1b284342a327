using System.Runtime.InteropServices;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.CommandLine;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class ConsoleAppTests : IDisposable
{
    private readonly string _runs = Directory.CreateTempSubdirectory("tbptt-console").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly ScriptedCluster _cluster = new();
    private readonly List<int> _exits = [];
    private readonly Interruption _interruption;
    private Func<bool> _hasLostItsReader = () => false;

    public ConsoleAppTests() => _interruption = new(_exits.Add);

    [Theory]
    [InlineData(RunState.Completed, 0)]
    [InlineData(RunState.Failed, 1)]
    [InlineData(RunState.Stopped, 3)]
    [InlineData(RunState.Diverged, 4)]
    public async Task Train_ExitsAsTheRunEnded_AndEndsTheSilos(RunState state, int code)
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1), Sample.Epoch(1, 0.5, 0.75), Sample.Ended(state, "why")));

        Assert.Equal(code, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs, "--silos", "3"));

        Assert.Equal(["launch", "submit", "end"], _cluster.Calls);
        Assert.Equal(3, _cluster.Plan!.Silos);
        Assert.StartsWith("wave-", _cluster.Plan.Run.Text, StringComparison.Ordinal);
        Assert.Contains("epoch losses  0.5", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("validation    0.75", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"files         {_cluster.Plan.Directory.Path}", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_WritesNothingButEventsToStandardOutput_WithOutputJson()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));

        Assert.Equal(0, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs, "--output", "json"));

        Assert.Equal(string.Concat(_cluster.Lines.Select(line => line + "\n")), _output.ToString());
        Assert.Contains("files         ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_TellsEveryProblemAndStartsNothing_WhenTheSpecIsBad()
    {
        var checker = new FixedChecker(
            new SpecProblem("train.epochs", "0", "1 or more", "raise it") { Location = "wave.yaml:3:5" },
            new SpecProblem("data.source", "x", "a source", "see the manual") { Location = "wave.yaml:9:1" });

        Assert.Equal(ExitCode.BadSpec, await RunAsync(checker, "train", "wave.yaml", "--runs", _runs));

        Assert.Equal(
            "wave.yaml:3:5 train.epochs: found 0, expected 1 or more; raise it\nwave.yaml:9:1 data.source: found x, expected a source; see the manual\n",
            _error.ToString());
        Assert.Empty(_cluster.Calls);
    }

    [Fact]
    public async Task Train_LocatesTheProblemsAndEndsTheSilos_WhenTheClusterRefusesTheSpec()
    {
        _cluster.Reply = new([new SpecProblem("data.source", "no file", "a file", "mend the path")], "");

        Assert.Equal(ExitCode.BadSpec, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs));

        Assert.Equal("wave.yaml:7:3 data.source: found no file, expected a file; mend the path\n", _error.ToString());
        Assert.Equal("end", _cluster.Calls[^1]);
        Assert.Empty(Directory.GetDirectories(_runs));
    }

    [Fact]
    public async Task Train_ExitsWithTheCause_WhenEverySiloIsGone()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1)));
        var training = RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs);
        await _cluster.Watched.Task;
        _cluster.Lose("silo 1 ended with exit code 137");

        Assert.Equal(ExitCode.Unreachable, await training);
        Assert.Contains("the cluster is lost: silo 1 ended with exit code 137", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT, 130, "stop: stopped by Ctrl-C")]
    [InlineData(PosixSignal.SIGTERM, 143, "stop: stopped by SIGTERM")]
    public async Task Train_StopsTheRunAndEndsTheSilos_AtTheFirstSignal(PosixSignal signal, int code, string stop)
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1)));
        var training = RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs);
        await _cluster.Watched.Task;
        _interruption.Raise(signal);

        Assert.Equal(code, await training);
        Assert.Equal(["launch", "submit", stop, "end"], _cluster.Calls);
        Assert.Contains("stopped at step", _output.ToString(), StringComparison.Ordinal);
        Assert.Empty(_exits);
    }

    [Theory]
    [InlineData(false, "launch", "submit", "stop: stopped by Ctrl-C", "end")]
    [InlineData(true, "launch", "submit", "stop: stopped by Ctrl-C", "kill", "end")]
    public async Task Train_StopsTheRunBeforeItEndsTheSilos_WhenInterruptedDuringTheSubmission(bool detach, params string[] calls)
    {
        var submitting = new TaskCompletionSource();
        var reply = new TaskCompletionSource();
        _cluster.BeforeReply = () =>
        {
            submitting.SetResult();
            return reply.Task;
        };
        var training = RunAsync(new FixedChecker(), ["train", "wave.yaml", "--runs", _runs, .. detach ? (string[])["--detach"] : []]);
        await submitting.Task;
        _interruption.Raise(PosixSignal.SIGINT);
        reply.SetResult();

        Assert.Equal(ExitCode.Interrupted, await training);
        Assert.Equal(calls, _cluster.Calls);
    }

    [Fact]
    public async Task Train_ExitsAsInterrupted_WhenTheLaunchFailsAfterCtrlC()
    {
        _cluster.BeforeLaunch = () =>
        {
            _interruption.Raise(PosixSignal.SIGINT);
            throw new ClientException("silo 1 ended with exit code 130", ExitCode.Unreachable);
        };

        Assert.Equal(ExitCode.Interrupted, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs));
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Train_StopsTheRun_WhenNobodyReadsStandardOutputAnyMore()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1)));
        _hasLostItsReader = () => _cluster.Watched.Task.IsCompleted;

        Assert.Equal(ExitCode.ReaderGone, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs, "--output", "json"));

        Assert.Equal(["launch", "submit", "stop: stopped because nobody reads standard output any more", "end"], _cluster.Calls);
        Assert.Empty(_exits);
    }

    [Fact]
    public async Task Console_ExitsWithOneLine_WhenSomethingUnforeseenHappens()
    {
        _cluster.BeforeLaunch = () => throw new TimeoutException("The operation\nhas timed out.");

        Assert.Equal(ExitCode.Failed, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs));
        Assert.Equal("tbptt: TimeoutException: The operation has timed out.\n", _error.ToString());
    }

    [Fact]
    public async Task Console_NamesTheArgument_WhenAProblemHasNeitherPlaceNorKey()
    {
        var checker = new FixedChecker(new SpecProblem("", "''", "a file", "name one") { Location = "" });

        Assert.Equal(ExitCode.BadSpec, await RunAsync(checker, "validate", ""));
        Assert.Equal("SPEC: found '', expected a file; name one\n", _error.ToString());
    }

    [Fact]
    public void Interruption_KillsAndExits_AtTheSecondSignal()
    {
        _interruption.AtOnce = _cluster.Kill;
        _interruption.Raise(PosixSignal.SIGINT);
        Assert.Empty(_cluster.Calls);

        _interruption.Raise(PosixSignal.SIGINT);

        Assert.Equal(["kill"], _cluster.Calls);
        Assert.Equal([130], _exits);
    }

    [Fact]
    public async Task Train_ReturnsWhenTheRunHasBegunAndLeavesTheSilos_WithDetach()
    {
        _cluster.Lines.AddRange(Sample.Lines(Sample.Started()));

        Assert.Equal(0, await RunAsync(new FixedChecker(), "train", "wave.yaml", "--runs", _runs, "--detach"));

        Assert.True(_cluster.Plan!.Detached);
        Assert.Equal(["launch", "submit"], _cluster.Calls);
        Assert.Contains("end    kill 41 42", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"tbptt show {_cluster.Plan.Run} --runs {_runs}", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("trian")]
    [InlineData("train")]
    [InlineData("train", "a.yaml", "b.yaml")]
    [InlineData("train", "wave.yaml", "--silos", "0")]
    [InlineData("train", "wave.yaml", "--silos", "many")]
    [InlineData("train", "wave.yaml", "--output", "xml")]
    [InlineData("train", "wave.yaml", "--runs", "")]
    [InlineData("ls", "--runs", " ")]
    [InlineData("show")]
    public async Task Console_ExitsWith2_WhenTheCommandLineIsWrong(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await RunAsync(new FixedChecker(), args));
        Assert.Contains("--help'", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task Validate_TellsTheSizesOfTheRun_WhenTheSpecIsSound()
    {
        Assert.Equal(0, await RunAsync(new FixedChecker(), "validate", "wave.yaml"));

        Assert.Contains("parameters  117", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("steps       75 an epoch, 2 epochs", _output.ToString(), StringComparison.Ordinal);
        Assert.Empty(_cluster.Calls);
    }

    public void Dispose()
    {
        _interruption.Dispose();
        Directory.Delete(_runs, recursive: true);
    }

    private Task<int> RunAsync(FixedChecker checker, params string[] args) =>
        new ConsoleApp(
            checker, _cluster, new Terminal(_output, _error, null) { HasLostItsReader = _hasLostItsReader }, TimeProvider.System, _interruption)
            .RunAsync(args);
}
