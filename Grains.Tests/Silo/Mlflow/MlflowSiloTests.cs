using System.Globalization;
using System.Net;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Silo.Mlflow;

/// <summary>What a silo process sends to an MLflow server over HTTP while it trains.</summary>
[Slow]
public sealed class MlflowSiloTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Runs => _directory.File("runs");

    /// <summary>A server that has too much to do at first.</summary>
    [Fact(Timeout = 120_000)]
    public async Task Runs_AreReported_FromTheirBeginningToTheirEnd()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await MlflowServer.StartAsync(
            "waves of 2026", HttpStatusCode.ServiceUnavailable, HttpStatusCode.TooManyRequests);
        using var silo = await StartAsync(server.Address, cancellation);
        await using var connection = await ConnectAsync(cancellation);

        // One that ends between two reports, and one that is stopped.
        await TrainAsync(connection, "whole-1", TestSpecs.Average(validationFraction: 0.2), cancellation);
        await TrainAsync(connection, "stopped-1", TestSpecs.Average(epochs: 1_000_000), cancellation, stop: true);
        await server.WaitForAsync(
            () => server.Mlflow.Runs.Count == 2 && server.Mlflow.Runs.All(run => run.EndTime is not null), cancellation);
        silo.Signal(StandingSilo.Terminate);
        var (exitCode, error) = await silo.EndAsync(cancellation);

        Assert.True(exitCode == 0, error);
        Assert.Empty(server.Mlflow.Refused);
        Assert.Equal(["Bearer open-sesame"], server.Authorizations);
        Assert.InRange(server.Mlflow.Largest.All, 1, 1_000);
        var whole = server.Mlflow.Runs.Single(run => run.Name == "whole-1");
        var stopped = server.Mlflow.Runs.Single(run => run.Name == "stopped-1");
        Assert.Equal(("FINISHED", "KILLED"), (whole.Status, stopped.Status));
        Assert.Equal("whole-1", whole.Tags["tbptt.run"]);
        AssertAsInTheJournal(whole);
        Assert.Single(silo.Lines, line => line.Contains("does not take reports: 503", StringComparison.Ordinal));
        Assert.DoesNotContain(silo.Lines, line => line.Contains("dropped", StringComparison.Ordinal));
    }

    /// <summary>No server listens at the port: training continues, and the silo logs what it could not report.</summary>
    [Fact(Timeout = 120_000)]
    public async Task DeadServer_StopsNothing_AndWhatItLacksIsSaid()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var silo = await StartAsync("http://127.0.0.1:9", cancellation);
        await using var connection = await ConnectAsync(cancellation);

        await TrainAsync(connection, "whole-1", TestSpecs.Average(), cancellation);
        silo.Signal(StandingSilo.Terminate);
        var (exitCode, error) = await silo.EndAsync(cancellation);

        Assert.True(exitCode == 0, error);
        Assert.Equal(RunState.Completed, new RunDirectory(Runs, RunId.Parse("whole-1")).ReadStatus()!.State);
        Assert.Single(silo.Lines, line => line.Contains("does not take reports", StringComparison.Ordinal));
        Assert.Single(silo.Lines, line => line.Contains("has taken all reports, of the runs: whole-1.", StringComparison.Ordinal));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Parameters, the last step, every epoch and the times are those of the run's files.</summary>
    private void AssertAsInTheJournal(StandInRun run)
    {
        var directory = new RunDirectory(Runs, RunId.Parse(run.Name));
        var events = File.ReadLines(directory.Metrics).Select(RunJson.ReadEvent).ToList();
        Assert.Equal(events[0].Time.ToUnixTimeMilliseconds(), run.StartTime);
        Assert.Equal(events[^1].Time.ToUnixTimeMilliseconds(), run.EndTime);
        Assert.Equal($"{events[^1].Number}", run.Tags["tbptt.event"]);
        Assert.Equal("average", run.Parameters["name"]);
        Assert.True(run.Parameters.Count > 20, $"{run.Parameters.Count} parameters");
        var last = events.OfType<StepCommitted>().Last();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"train/loss {last.Step} {last.Loss:R}"), run.Metrics);
        Assert.All(
            events.OfType<EpochFinished>(), epoch => Assert.Contains(
                string.Create(CultureInfo.InvariantCulture, $"epoch/validation_loss {epoch.Step} {epoch.ValidationLoss:R}"), run.Metrics));
    }

    private Task<StandingSilo> StartAsync(string server, CancellationToken cancellation) => StandingSilo.Start(
        ["--runs", Runs, "--http", "off"],
        new Dictionary<string, string>
        {
            ["Tbptt__Mlflow__Uri"] = server, ["Tbptt__Mlflow__Experiment"] = "waves of 2026", ["Tbptt__Mlflow__Token"] = "open-sesame",
        }).ReadyAsync(cancellation);

    private Task<ClusterConnection> ConnectAsync(CancellationToken cancellation) =>
        ClusterConnection.OpenAsync(Path.Combine(Runs, ".cluster", "membership.db"), "tbptt", cancellation);

    private static async Task TrainAsync(
        ClusterConnection connection, string name, RunSpec spec, CancellationToken cancellation, bool stop = false)
    {
        var run = RunId.Parse(name);
        Assert.Empty((await connection.Runs.SubmitAsync(new(run, spec.Written(), Protocol: ProtocolVersion.Current))).Problems);
        for (EventPage page = new([], 0); !(await connection.Runs.GetStatusAsync(run)).HasEnded;)
        {
            cancellation.ThrowIfCancellationRequested();
            page = await connection.Runs.ReadEventsAsync(run, page.Last, 1_000);
            if (stop && page.Lines.Any(line => line.Contains("\"epoch\":2", StringComparison.Ordinal)))
                await connection.Runs.StopAsync(run, "seen enough");
        }
    }
}
