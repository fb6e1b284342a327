using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class LookTests : IDisposable
{
    private static readonly DateTimeOffset Noon = Sample.Noon;

    private readonly ScriptedConsole _console = new() { Time = new FakeTimeProvider(Noon.AddMinutes(2)) };

    [Fact]
    public async Task List_ShowsNewestFirst_WithLostRunsAsLost()
    {
        Write(Status("wave-1", RunState.Completed) with { EndedAt = Noon.AddSeconds(3), SubmittedAt = Noon, CheckpointStep = 1000,
            EpochLosses = [0.75, 0.5], ValidationLosses = [0.625, double.NaN] });
        Write(Status("wave-2", RunState.Running) with { SubmittedAt = Noon.AddSeconds(60), UpdatedAt = Noon.AddSeconds(115), Priority = 5,
            Warning = "disk full" });
        Write(Status("wave-3", RunState.Running) with { SubmittedAt = Noon.AddSeconds(30), UpdatedAt = Noon.AddSeconds(100),
            EpochLosses = [0.875], CheckpointStep = 600 });
        Write(Status("wave-4", RunState.Queued) with { SubmittedAt = Noon.AddSeconds(20), QueuePosition = 2, Step = 0, Loss = null });
        Write(Status("wave-5", RunState.Paused) with { SubmittedAt = Noon.AddSeconds(10) });
        Directory.CreateDirectory(Path.Combine(_console.Runs, "half"));

        Assert.Equal(0, await _console.RunAsync("ls"));

        string[] lines = _console.Output.TrimEnd().Split('\n');
        Assert.Equal(
            "RUN     STATE                                      EPOCH  STEP   EPOCH LOSS  BEST VALIDATION  CHECKPOINT  PRIORITY  " +
            "STARTED              DURATION  NOTE", lines[0]);
        Assert.Equal(
            "wave-2  running                                    1/2    1,200  -           -                -           5         " +
            "2026-03-14 12:01:00  1:00      WARNING: disk full", lines[1]);
        Assert.Equal(
            "wave-3  lost (last heard 2026-03-14 12:01:40 UTC)  1/2    1,200  0.875       -                600         0         " +
            $"2026-03-14 12:00:30  1:10      continue with: tbptt resume wave-3 --runs {_console.Runs}", lines[2]);
        Assert.StartsWith("wave-4  queued (2 runs before it)                  1/2    0      -", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("wave-5  paused", lines[4], StringComparison.Ordinal);
        Assert.EndsWith($"continue with: tbptt resume wave-5 --runs {_console.Runs}", lines[4], StringComparison.Ordinal);
        Assert.Equal(
            "wave-1  completed                                  1/2    1,200  0.5         0.625            -           0         " +
            "2026-03-14 12:00:00  3.0 s", lines[5]);
    }

    [Fact]
    public async Task TagsAndNotes_AreShown_WhereSomebodyHasWrittenThem()
    {
        Write(Status("wave-1", RunState.Completed) with { SubmittedAt = Noon });
        Write(Status("wave-2", RunState.Completed) with { SubmittedAt = Noon.AddSeconds(60) });
        RunNotesFile.TryWrite(new(_console.Runs, RunId.Parse("wave-1")),
            RunNotes.None with { Tags = ["baseline", "lr:0.1"], Text = "the first one\nto be repeated" }, out _);

        Assert.Equal(0, await _console.RunAsync("ls"));
        Assert.Equal(0, await _console.RunAsync("show", "wave-1"));

        Assert.Matches(@"DURATION +TAGS +NOTE\nwave-2 .* -\nwave-1 .* baseline lr:0\.1\n", _console.Output);
        Assert.Contains("\ntags        baseline lr:0.1\nnote        the first one\nnote        to be repeated\n", _console.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunThatFollowsItsFile_SaysThatItWaits()
    {
        Write(Status("wave-1", RunState.Running) with
        {
            Message = "waits for rows: 3 of the next 12 are there", UpdatedAt = Noon.AddSeconds(119),
        });

        Assert.Equal(0, await _console.RunAsync("ls"));
        Assert.Equal(0, await _console.RunAsync("show", "wave-1"));

        Assert.Matches(@"\nwave-1  waiting for rows  ", _console.Output);
        Assert.Contains("\nstate       waiting for rows\nwhy         waits for rows: 3 of the next 12 are there\n", _console.Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunWhoseSilosAreGone_IsInterrupted_AndSaysHowToContinue()
    {
        Write(Status("wave-1", RunState.Queued) with { Cluster = "wave-1", Message = "waits for another silo", UpdatedAt = Noon });

        Assert.Equal(0, await _console.RunAsync("ls"));
        Assert.Equal(0, await _console.RunAsync("show", "wave-1"));

        Assert.Matches($@"\nwave-1  interrupted  .* tbptt resume wave-1 --runs {_console.Runs}\n", _console.Output);
        Assert.Contains($"\nstate       interrupted; tbptt resume wave-1 --runs {_console.Runs}\n", _console.Output,
            StringComparison.Ordinal);
        Assert.DoesNotContain("waits for another silo", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_WritesJson_WhenAsked()
    {
        Write(Status("wave-1", RunState.Running));

        Assert.Equal(0, await _console.RunAsync("ls", "--output", "json"));

        using var document = System.Text.Json.JsonDocument.Parse(_console.Output);
        Assert.Equal("wave-1", document.RootElement[0].GetProperty("id").GetString());
        Assert.True(document.RootElement[0].GetProperty("lost").GetBoolean());
    }

    [Fact]
    public async Task Show_ReportsLossesMetricsTrainersAndFiles_OfARun()
    {
        Write(Status("wave-1", RunState.Completed) with
        {
            EndedAt = Noon.AddSeconds(3),
            SequenceSteps = 300,
            EpochLosses = [0.5, 0.25],
            ValidationLosses = [0.75, double.NaN],
            Metrics = [new("validation RMSE", 3.25, "kW", MetricKind.Validation)],
            Trainers = [new(0, 0, 20, "silo-1", "cpu", TrainerState.Released, Place: 3, FirstShard: 0, Shards: 2)],
            CheckpointStep = 1100,
            Priority = -4,
        });

        Assert.Equal(0, await _console.RunAsync("show", "wave"));

        string text = _console.Output;
        Assert.Contains("state       completed\n", text, StringComparison.Ordinal);
        Assert.Contains("metric      validation RMSE 3.25 kW\n", text, StringComparison.Ordinal);
        Assert.Contains("EPOCH  LOSS  VALIDATION\n1      0.5   0.75\n2      0.25  not finite\n", text, StringComparison.Ordinal);
        Assert.Contains("0        0-1     0-19   released  cpu     3      silo-1\n", text, StringComparison.Ordinal);
        Assert.Contains("epoch loss  0.25, epoch 2\nvalidation  not finite, epoch 2; best 0.75, epoch 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("checkpoint  ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("step loss", text, StringComparison.Ordinal);
        Assert.Contains("priority    -4\n", text, StringComparison.Ordinal);
        Assert.Contains("speed       400 steps/s, 100 sequence steps/s on average\n", text, StringComparison.Ordinal);
        Assert.Contains("status.json", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_HasATableOfSeries_AndSaysWhatFiguresAreOver()
    {
        Write(Status("wave-1", RunState.Completed) with
        {
            ValidationLosses = [0.75],
            HeldOut = new(2, 20, 18),
            Metrics =
            [
                new("validation RMSE", 3.25, "kW", MetricKind.Validation, Count: 18),
                new("validation RMSE", 4, "kW", MetricKind.Validation, "north", 8),
                new("validation MAE", 2, "kW", MetricKind.Validation, "north", 8),
                new("validation RMSE", 1.5, "kW", MetricKind.Validation, "south", 10),
            ],
        });
        File.WriteAllText(new RunDirectory(_console.Runs, RunId.Parse("wave-1")).ValidationTable, "series\n");

        Assert.Equal(0, await _console.RunAsync("show", "wave"));

        string text = _console.Output;
        Assert.Contains("held out    2 sequences of 20 time steps, 18 target elements\nmetric      validation RMSE 3.25 kW\n", text,
            StringComparison.Ordinal);
        Assert.Contains(
            """
            the series with the largest and the smallest errors; all are in validation.csv
            SERIES  TARGET  ELEMENTS  VALIDATION RMSE  VALIDATION MAE
            north   kW      8         4                2
            south   kW      10        1.5              –

            """, text, StringComparison.Ordinal);
        Assert.Contains("  validation.csv", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_SaysHowToContinue_WithALostRun()
    {
        Write(Status("wave-1", RunState.Starting) with { Warning = "no checkpoint can be written", CheckpointStep = 1100 });

        Assert.Equal(0, await _console.RunAsync("show", "wave-1"));

        Assert.Contains($"continue    tbptt resume wave-1 --runs {_console.Runs}\n", _console.Output, StringComparison.Ordinal);
        Assert.Contains("WARNING     no checkpoint can be written\n", _console.Output, StringComparison.Ordinal);
        Assert.Contains("checkpoint  step 1,100\nstep loss   0.25\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_NamesCloseRuns_WhenThereIsNoSuchRun()
    {
        foreach (string id in (string[])["wave-20260314-a", "wave-20260315-b", "cable"])
            Write(Status(id, RunState.Completed));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("show", "wvae-20260314-a"));

        Assert.EndsWith("did you mean wave-20260314-a or wave-20260315-b?\n", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_ShowsTheCatalog_WithCluster()
    {
        _console.Cluster.Catalog = [Sample.Status(RunState.Paused, "wave-1"),
            Sample.Status(RunState.Completed, "wave-2") with { SubmittedAt = Noon.AddSeconds(1) }];

        Assert.Equal(0, await _console.RunAsync("ls", "--cluster", "redis:10.0.0.5:6379"));

        string[] lines = _console.Output.TrimEnd().Split('\n');
        Assert.StartsWith("wave-2  completed", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("continue with: tbptt resume wave-1 --cluster redis:10.0.0.5:6379", lines[2], StringComparison.Ordinal);
        Assert.Equal([new ClusterAddress(ClusteringProvider.Redis, "10.0.0.5:6379", "tbptt")], _console.Cluster.Opened);
    }

    [Fact]
    public async Task Show_AsksTheCoordinator_WithCluster()
    {
        _console.Cluster.Catalog = [Sample.Status(RunState.Running, "wave-1") with { Step = 77, Directory = "/nowhere/wave-1" }];

        Assert.Equal(0, await _console.RunAsync("show", "wave", "--cluster", "redis:10.0.0.5:6379"));

        Assert.Contains("step        77,", _console.Output, StringComparison.Ordinal);
        Assert.EndsWith("files in /nowhere/wave-1\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_ListsSilosAndWhoLivesThere()
    {
        var (one, two) = (RunId.Parse("wave-1"), RunId.Parse("bytes-2"));
        _console.Cluster.IsAlive = address => address == _console.Standing;
        _console.Cluster.Report = new("lab", "0.2.0", ProtocolVersion.Current,
        [
            new() { Name = "silo-1", Address = "10.0.0.1:1", Pid = 11, Version = "0.2.0", Devices = ["cpu"], Slots = 4,
                Trainers = [new(one, 0), new(two, 3)], Coordinators = [one], Page = "http://10.0.0.1:8080/" },
            new() { Name = "silo-2", Address = "10.0.0.2:1", Pid = 12, Version = "0.2.0", Devices = ["cuda:0", "cuda:1"], Slots = 2,
                Draining = true },
        ]);

        Assert.Equal(0, await _console.RunAsync("cluster"));

        Assert.Equal(
            """
            cluster lab, version 0.2.0, 2 silos, 2 of 6 slots used
            SILO    ADDRESS     PROCESS  VERSION  DEVICES        SLOTS  STATE     TRAINERS            COORDINATORS  PAGE
            silo-1  10.0.0.1:1  11       0.2.0    cpu            2/4    active    wave-1/0,bytes-2/3  wave-1        http://10.0.0.1:8080/
            silo-2  10.0.0.2:1  12       0.2.0    cuda:0,cuda:1  0/2    draining  -                   -             -

            """,
            _console.Output);
    }

    [Fact]
    public async Task Cluster_WritesJson_WhenAsked()
    {
        _console.Cluster.Report = new("lab", "0.2.0", ProtocolVersion.Current,
            [new() { Name = "silo-1", Address = "a", Pid = 1, Version = "0.2.0", Devices = [], Slots = 4,
                Trainers = [new(RunId.Parse("wave-1"), 2)] }]);

        Assert.Equal(0, await _console.RunAsync("cluster", "--output", "json", "--cluster", "redis:h:1"));

        using var document = System.Text.Json.JsonDocument.Parse(_console.Output);
        var trainer = document.RootElement.GetProperty("silos")[0].GetProperty("trainers")[0];
        Assert.Equal(("wave-1", 2), (trainer.GetProperty("run").GetString(), trainer.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task Cluster_FindsTheSilosOfTheOnlyRun_WhereThereIsNoOther()
    {
        LeaveMembership("wave-1", "wave-2");
        var local = ClusterAddress.LocalOf(_console.Runs, RunId.Parse("wave-2"));
        _console.Cluster.IsAlive = address => address == local;

        Assert.Equal(0, await _console.RunAsync("cluster"));

        Assert.Equal([local], _console.Cluster.Opened);
    }

    [Fact]
    public async Task Cluster_AsksForTheRun_WhereSeveralHaveSilosOfTheirOwn()
    {
        LeaveMembership("wave-1", "wave-2");
        _console.Cluster.IsAlive = address => address != _console.Standing;

        Assert.Equal(ExitCode.Usage, await _console.RunAsync("cluster"));

        Assert.Matches("name one of wave-[12], wave-[12]\n$", _console.Error);
    }

    [Fact]
    public async Task Cluster_SaysWhatToDo_WhenNoSiloIsAlive()
    {
        Assert.Equal(ExitCode.Unreachable, await _console.RunAsync("cluster"));

        Assert.Contains($"start one with 'tbptt-silo --runs {_console.Runs}'", _console.Error, StringComparison.Ordinal);
    }

    private void LeaveMembership(params string[] runs)
    {
        Directory.CreateDirectory(Path.Combine(_console.Runs, ".cluster"));
        foreach (string run in runs)
        {
            Write(Sample.Status(RunState.Running, run));
            File.WriteAllText(Path.Combine(_console.Runs, ".cluster", $"{run}.db"), "");
        }
    }

    public void Dispose() => _console.Dispose();

    private static RunStatus Status(string id, RunState state) => Sample.Status(state, id);

    private void Write(RunStatus status) => _console.Write(status);
}
