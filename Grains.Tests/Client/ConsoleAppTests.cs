using System.Runtime.InteropServices;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.CommandLine;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class ConsoleAppTests : IDisposable
{
    private readonly ScriptedConsole _console = new();

    private ScriptedCluster Cluster => _console.Cluster;

    [Theory]
    [InlineData(RunState.Completed, 0)]
    [InlineData(RunState.Failed, 1)]
    [InlineData(RunState.Stopped, 3)]
    [InlineData(RunState.Diverged, 4)]
    public async Task Train_ExitsAsTheRunEnded_AndEndsTheSilos(RunState state, int code)
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1), Sample.Epoch(1, 0.5, 0.75), Sample.Ended(state, "why")));

        Assert.Equal(code, await _console.RunAsync("train", "wave.yaml", "--silos", "3"));

        Assert.Equal(["launch", "submit", "end"], Cluster.Calls);
        Assert.Equal(3, Cluster.Plan!.Silos);
        Assert.StartsWith("wave-", Cluster.Plan.Run.Text, StringComparison.Ordinal);
        Assert.Contains("epoch losses  0.5", _console.Output, StringComparison.Ordinal);
        Assert.Contains("validation    0.75", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"files         {Cluster.Plan.Directory.Path}", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_NamesTheRun_UnlessThereIsOneOfThatName()
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));

        Assert.Equal(0, await _console.RunAsync("train", "wave.yaml", "--id", "wave-7"));
        Assert.Equal("wave-7", Cluster.Plan!.Run.Text);

        _console.Write(Sample.Status(RunState.Stopped, "wave-8"));
        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("train", "wave.yaml", "--id", "wave-8"));
        Assert.Equal(
            $"tbptt: --id: found run wave-8 in {_console.Runs}, expected an ID that no run has; name another, or continue that run with: "
            + $"tbptt resume wave-8 --runs {_console.Runs}\n", _console.Error);
    }

    [Fact]
    public async Task Train_WritesNothingButEventsToStandardOutput_WithOutputJson()
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));

        Assert.Equal(0, await _console.RunAsync("train", "wave.yaml", "--output", "json"));

        Assert.Equal(string.Concat(Cluster.Lines.Select(line => line + "\n")), _console.Output);
        Assert.Contains("files         ", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_ReportsEveryProblemAndStartsNothing_WhenTheSpecIsBad()
    {
        var checker = new FixedChecker(
            new SpecProblem("train.epochs", "0", "1 or more", "raise it") { Location = "wave.yaml:3:5" },
            new SpecProblem("data.source", "x", "a source", "see the manual") { Location = "wave.yaml:9:1" });

        _console.Checker = checker;

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("train", "wave.yaml"));

        Assert.Equal(
            "wave.yaml:3:5 train.epochs: found 0, expected 1 or more; raise it\nwave.yaml:9:1 data.source: found x, expected a source; " +
            "see the manual\n",
            _console.Error);
        Assert.Empty(Cluster.Calls);
    }

    [Theory]
    [InlineData("cuda:0", 0, "cuda:0, but no NVIDIA driver on this machine")]
    [InlineData("cuda:1", 1, "cuda:1, but this machine has one GPU, cuda:0")]
    [InlineData("cuda:7", 4, "cuda:7, but this machine has 4 GPUs, cuda:0 to cuda:3")]
    [InlineData("cuda:3", 4, null)]
    [InlineData("cuda:3", null, null)]
    [InlineData("auto", 0, null)]
    [InlineData("cpu", 0, null)]
    public async Task Train_StartsNothing_WhereTheSpecNamesAGpuThatTheMachineLacks(string device, int? gpus, string? found)
    {
        bool starts = found is null;
        _console.Checker = new() { Spec = Sample.Spec with { Device = new(device) } };
        _console.Gpus = gpus;
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));

        Assert.Equal(starts ? 0 : ExitCode.BadSpec, await _console.RunAsync("train", "wave.yaml"));

        Assert.Equal(starts, Cluster.Calls.Count > 0);
        Assert.Equal(
            starts ? "" : $"wave.yaml:1:1 device: found {found}, expected a device of this machine; "
                + "use device: cpu, or auto, which selects the CPU where there is no GPU\n",
            _console.Error);
        Assert.Equal("", starts ? "" : _console.Output);
        Assert.Empty(Directory.GetDirectories(_console.Runs));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(null, true)]
    public async Task Train_StartsNothing_WhereTensorCoresAreWanted_AndTheMachineHasNone(int? gpus, bool starts)
    {
        _console.Checker = new()
        {
            Spec = Sample.Spec with { Device = DeviceName.Auto, Train = Sample.Spec.Train with { Precision = PrecisionKind.Tf32 } },
        };
        _console.Gpus = gpus;
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));

        Assert.Equal(starts ? 0 : ExitCode.BadSpec, await _console.RunAsync("train", "wave.yaml"));

        Assert.Equal(starts, Cluster.Calls.Count > 0);
        Assert.Equal(
            starts ? "" : "wave.yaml:1:1 train.precision: found tf32, but no NVIDIA driver on this machine, expected a machine with a GPU, "
                + "because nothing else computes products by tensor cores; write precision: float32, or train on a cluster with GPUs "
                + "(--cluster)\n",
            _console.Error);
    }

    [Fact]
    public async Task Train_LocatesTheProblemsAndEndsTheSilos_WhenTheClusterRefusesTheSpec()
    {
        Cluster.Reply = new([new SpecProblem("data.source", "no file", "a file", "mend the path")], "");

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("train", "wave.yaml"));

        Assert.Equal("wave.yaml:7:3 data.source: found no file, expected a file; mend the path\n", _console.Error);
        Assert.Equal("end", Cluster.Calls[^1]);
        Assert.Empty(Directory.GetDirectories(_console.Runs));
    }

    [Fact]
    public async Task Train_ExitsWithTheCause_WhenEverySiloIsGone()
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1)));
        var training = _console.RunAsync("train", "wave.yaml");
        await Cluster.Watched;
        Cluster.Lose("silo 1 ended with exit code 137");

        Assert.Equal(ExitCode.Unreachable, await training);
        Assert.Contains("the cluster is lost: silo 1 ended with exit code 137", _console.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT, 130, "stop: stopped by Ctrl-C")]
    [InlineData(PosixSignal.SIGTERM, 143, "stop: stopped by SIGTERM")]
    public async Task Train_StopsTheRunAndEndsTheSilos_AtTheFirstSignal(PosixSignal signal, int code, string stop)
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1)));
        var training = _console.RunAsync("train", "wave.yaml");
        await Cluster.Watched;
        _console.Interruption.Raise(signal);

        Assert.Equal(code, await training);
        Assert.Equal(["launch", "submit", stop, "end"], Cluster.Calls);
        Assert.Contains("stopped at step", _console.Output, StringComparison.Ordinal);
        Assert.Empty(_console.Exits);
    }

    [Theory]
    [InlineData(false, "launch", "submit", "stop: stopped by Ctrl-C", "end")]
    [InlineData(true, "launch", "submit", "stop: stopped by Ctrl-C", "kill", "end")]
    public async Task Train_StopsTheRunBeforeItEndsTheSilos_WhenInterruptedDuringTheSubmission(bool detach, params string[] calls)
    {
        var submitting = new TaskCompletionSource();
        var reply = new TaskCompletionSource();
        Cluster.BeforeSubmissions.Enqueue(() =>
        {
            submitting.SetResult();
            return reply.Task;
        });
        var training = _console.RunAsync(["train", "wave.yaml", .. detach ? (string[])["--detach"] : []]);
        await submitting.Task;
        _console.Interruption.Raise(PosixSignal.SIGINT);
        reply.SetResult();

        Assert.Equal(ExitCode.Interrupted, await training);
        Assert.Equal(calls, Cluster.Calls);
    }

    [Fact]
    public async Task Train_ExitsAsInterrupted_WhenTheLaunchFailsAfterCtrlC()
    {
        Cluster.BeforeLaunch = () =>
        {
            _console.Interruption.Raise(PosixSignal.SIGINT);
            throw new ClientException("silo 1 ended with exit code 130", ExitCode.Unreachable);
        };

        Assert.Equal(ExitCode.Interrupted, await _console.RunAsync("train", "wave.yaml"));
        Assert.Equal("", _console.Error);
    }

    [Fact]
    public async Task Train_StopsTheRun_WhenNobodyReadsStandardOutputAnyMore()
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Step(1)));
        _console.HasLostItsReader = () => Cluster.Watched.IsCompleted;

        Assert.Equal(ExitCode.ReaderGone, await _console.RunAsync("train", "wave.yaml", "--output", "json"));

        Assert.Equal(["launch", "submit", "stop: stopped because the reader of standard output has gone", "end"], Cluster.Calls);
        Assert.Empty(_console.Exits);
    }

    [Fact]
    public async Task Console_ExitsWithOneLine_WhenSomethingUnforeseenHappens()
    {
        Cluster.BeforeLaunch = () => throw new TimeoutException("The operation\nhas timed out.");

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("train", "wave.yaml"));
        Assert.Equal("tbptt: TimeoutException: The operation has timed out.\n", _console.Error);
    }

    [Fact]
    public async Task Console_NamesTheArgument_WhenAProblemHasNeitherPlaceNorKey()
    {
        var checker = new FixedChecker(new SpecProblem("", "''", "a file", "name one") { Location = "" });

        _console.Checker = checker;

        Assert.Equal(ExitCode.BadSpec, await _console.RunBareAsync("validate", ""));
        Assert.Equal("SPEC: found '', expected a file; name one\n", _console.Error);
    }

    [Fact]
    public void Interruption_KillsAndExits_AtTheSecondSignal()
    {
        _console.Interruption.AtOnce = Cluster.Kill;
        _console.Interruption.Raise(PosixSignal.SIGINT);
        Assert.Empty(Cluster.Calls);

        _console.Interruption.Raise(PosixSignal.SIGINT);

        Assert.Equal(["kill"], Cluster.Calls);
        Assert.Equal([130], _console.Exits);
    }

    [Fact]
    public void Interruption_TakesSigtermTwiceWithinASecond_AsOneRequest()
    {
        var time = new FakeTimeProvider();
        using var interruption = new Interruption(_console.Exits.Add) { Time = time };
        interruption.Raise(PosixSignal.SIGTERM);
        time.Advance(Interruption.Echo - TimeSpan.FromMilliseconds(1));
        interruption.Raise(PosixSignal.SIGTERM);
        Assert.Empty(_console.Exits);

        time.Advance(TimeSpan.FromMilliseconds(1));
        interruption.Raise(PosixSignal.SIGTERM);

        Assert.Equal([143], _console.Exits);
    }

    [Fact]
    public async Task Train_ReturnsWhenTheRunHasBegunAndLeavesTheSilos_WithDetach()
    {
        Cluster.Lines.AddRange(Sample.Lines(Sample.Started()));

        Assert.Equal(0, await _console.RunAsync("train", "wave.yaml", "--detach"));

        Assert.True(Cluster.Plan!.Detached);
        Assert.Equal(["launch", "submit"], Cluster.Calls);
        Assert.Contains("silos  41 42", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"watch  tbptt attach {Cluster.Plan.Run} --runs {_console.Runs}", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"end    tbptt stop {Cluster.Plan.Run} --runs {_console.Runs}", _console.Output, StringComparison.Ordinal);
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
    [InlineData("train", "wave.yaml", "--silos", "2", "--cluster")]
    [InlineData("train", "wave.yaml", "--detach", "--cluster")]
    [InlineData("train", "--cluster", "wave.yaml")]
    [InlineData("resume", "wave-1", "--silos", "2", "--cluster")]
    [InlineData("resume", "wave-1", "--trainers", "0")]
    [InlineData("ls", "--cluster", "mysql:here")]
    [InlineData("ls", "--cluster", "redis:")]
    [InlineData("ls", "--cluster-id", "lab")]
    [InlineData("submit", "wave.yaml", "--id", "Not An Id")]
    [InlineData("submit", "wave.yaml", "--priority", "101")]
    [InlineData("wait", "wave-1", "--timeout", "-1")]
    [InlineData("attach")]
    [InlineData("pause", "a", "b")]
    [InlineData("init")]
    [InlineData("init", "--example")]
    [InlineData("init", "--example", "waves")]
    [InlineData("completion", "csh")]
    [InlineData("train", "wave.yaml", "--id", "Not An Id")]
    [InlineData("init", "a.csv", "a.yaml", "--example", "sunspots")]
    public async Task Console_ExitsWith2_WhenTheCommandLineIsWrong(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _console.RunBareAsync(args));
        Assert.Contains("--help'", _console.Error, StringComparison.Ordinal);
        Assert.Equal("", _console.Output);
    }

    [Theory]
    [InlineData("found an unknown command 'trian', expected {commands}; did you mean train?", "", "trian", "wave.yaml", "--silos", "2")]
    [InlineData("found an unknown option '--silo' of tbptt train; did you mean --silos?", " train", "train", "wave.yaml", "--silo", "2")]
    [InlineData("found an unknown option '--otput' of tbptt train; did you mean --output?", " train", "train", "a.yaml", "--otput=json")]
    [InlineData("--output: found 'jsn', expected auto, live, plain or json; did you mean json?", " train", "train", "a.yaml", "--output",
        "jsn")]
    [InlineData("--output: found 'xml', expected text or json", " ls", "ls", "--output", "xml")]
    [InlineData("found an unknown option '--hlep' of tbptt ls; did you mean --help?", " ls", "ls", "--hlep")]
    [InlineData("found an unknown option '--quickly' of tbptt ls", " ls", "ls", "--quickly")]
    [InlineData("found 'b.yaml', expected nothing more; see the arguments of tbptt train", " train", "train", "a.yaml", "b.yaml")]
    public async Task Console_NamesTheNearestWord_WhenAWordIsMisspelled(string message, string command, params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _console.RunBareAsync(args));

        string[] commands = [.. Commands.Build(_console.Context).Subcommands.Select(one => one.Name)];
        string expected = message.Replace(
            "{commands}", $"{string.Join(", ", commands[..^1])} or {commands[^1]}", StringComparison.Ordinal);
        Assert.Equal($"tbptt: {expected}\nTry 'tbptt{command} --help'.\n", _console.Error);
    }

    [Theory]
    [InlineData("train", "<SPEC>  Run spec")]
    [InlineData("init", "<DATA>  A file of data")]
    [InlineData("show", "<RUN>  Run ID")]
    public async Task Help_NamesArguments_WhateverTheyCanBeCompletedTo(string command, string line)
    {
        Assert.Equal(0, await _console.RunAsync(command, "--help"));

        Assert.Contains($"\n  {line}", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_ReportsTheSizesOfTheRun_WhenTheSpecIsSound()
    {
        Assert.Equal(0, await _console.RunBareAsync("validate", "wave.yaml"));

        Assert.Contains("parameters  117", _console.Output, StringComparison.Ordinal);
        Assert.Contains("steps       75 per epoch, 2 epochs", _console.Output, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    public void Dispose() => _console.Dispose();
}
