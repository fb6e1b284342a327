using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class RunFilesTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    private readonly string _root = Directory.CreateTempSubdirectory("tbptt-store").FullName;
    private readonly FakeTimeProvider _time = new(Noon.AddMinutes(2));
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    [Fact]
    public void List_ShowsNewestFirst_WithLostRunsAsLost()
    {
        Write(Status("wave-1", RunState.Completed) with { EndedAt = Noon.AddSeconds(3), SubmittedAt = Noon });
        Write(Status("wave-2", RunState.Running) with { SubmittedAt = Noon.AddSeconds(60), UpdatedAt = Noon.AddSeconds(115) });
        Write(Status("wave-3", RunState.Running) with { SubmittedAt = Noon.AddSeconds(30), UpdatedAt = Noon.AddSeconds(100) });
        Directory.CreateDirectory(Path.Combine(_root, "half"));

        Assert.Equal(0, ListCommand.Run(_root, json: false, Terminal, _time));

        Assert.Equal(
            """
            RUN     STATE                                      EPOCH  STEP   LOSS  STARTED              DURATION
            wave-2  running                                    1/2    1,200  0.25  2026-03-14 12:01:00  1:00
            wave-3  lost (last heard 2026-03-14 12:01:40 UTC)  1/2    1,200  0.25  2026-03-14 12:00:30  1:10
            wave-1  completed                                  1/2    1,200  0.25  2026-03-14 12:00:00  3.0 s

            """,
            _output.ToString());
    }

    [Fact]
    public void List_WritesJson_WhenAsked()
    {
        Write(Status("wave-1", RunState.Running));

        Assert.Equal(0, ListCommand.Run(_root, json: true, Terminal, _time));

        using var document = System.Text.Json.JsonDocument.Parse(_output.ToString());
        Assert.Equal("wave-1", document.RootElement[0].GetProperty("id").GetString());
        Assert.True(document.RootElement[0].GetProperty("lost").GetBoolean());
    }

    [Fact]
    public void Show_TellsLossesMetricsTrainersAndFiles_OfARun()
    {
        Write(Status("wave-1", RunState.Completed) with
        {
            EndedAt = Noon.AddSeconds(3),
            SequenceSteps = 300,
            EpochLosses = [0.5, 0.25],
            ValidationLosses = [0.75, double.NaN],
            Metrics = [new("test RMSE", 3.25, "kW")],
            Trainers = [new(0, 0, 20, "silo-1", "cpu", TrainerState.Released)],
        });

        Assert.Equal(0, ShowCommand.Run(_root, "wave", json: false, Terminal, _time));

        string text = _output.ToString();
        Assert.Contains("state       completed\n", text, StringComparison.Ordinal);
        Assert.Contains("metric      test RMSE 3.25 kW\n", text, StringComparison.Ordinal);
        Assert.Contains("EPOCH  LOSS  VALIDATION\n1      0.5   0.75\n2      0.25  not finite\n", text, StringComparison.Ordinal);
        Assert.Contains("0        0-19   released  cpu     silo-1\n", text, StringComparison.Ordinal);
        Assert.Contains("speed       400 steps/s, 100 sequence steps/s on average\n", text, StringComparison.Ordinal);
        Assert.Contains("status.json", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_NamesCloseRuns_WhenThereIsNoSuchRun()
    {
        foreach (string id in (string[])["wave-20260314-a", "wave-20260315-b", "cable"])
            Write(Status(id, RunState.Completed));

        var exception = Assert.Throws<ClientException>(() => ShowCommand.Run(_root, "wvae-20260314-a", json: false, Terminal, _time));

        Assert.Equal(ExitCode.Failed, exception.ExitCode);
        Assert.EndsWith("did you mean wave-20260314-a or wave-20260315-b?", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private Terminal Terminal => new(_output, _error, null);

    private static RunStatus Status(string id, RunState state) => new()
    {
        Id = id, Name = "wave", State = state, Epoch = 1, Epochs = 2, Step = 1200, Loss = 0.25, SubmittedAt = Noon, UpdatedAt = Noon,
    };

    private void Write(RunStatus status)
    {
        var directory = new RunDirectory(_root, RunId.Parse(status.Id));
        Directory.CreateDirectory(directory.Path);
        File.WriteAllText(directory.Status, RunJson.Write(status));
    }
}
