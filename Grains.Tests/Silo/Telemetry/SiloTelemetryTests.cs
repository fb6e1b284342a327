using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.EndToEnd;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Silo.Telemetry;

/// <summary>
/// What the programs themselves export: metrics for a scraper, spans on standard error, logs for machines.
/// </summary>
[Slow]
public sealed class SiloTelemetryTests : IDisposable
{
    private const string Token = "open-sesame";

    /// <summary>Nobody listens at this port of the loopback, and it refuses at once.</summary>
    private const string Nobody = "http://127.0.0.1:9";

    private readonly TemporaryDirectory _directory = new();

    private string Runs => _directory.File("runs");

    [Fact(Timeout = 120_000)]
    public async Task Silo_ServesMetricsBehindItsToken_AndLogsForMachines_ThoughItsCollectorIsDown()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var silo = await StandingSilo.Start(
            ["--runs", Runs, "--http", "127.0.0.1:0", "--log-format", "json"],
            new Dictionary<string, string> { ["Tbptt__Web__Token"] = Token, ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Nobody })
                .ReadyAsync(cancellation);
        await using var connection =
            await ClusterConnection.OpenAsync(Path.Combine(Runs, ".cluster", "membership.db"), "tbptt", cancellation);
        await Submit(connection.Runs, "whole-1", TestSpecs.Average(validationFraction: 0.2));
        for (long seen = 0; !(await connection.Runs.GetStatusAsync(RunId.Parse("whole-1"))).HasEnded;)
            seen = (await connection.Runs.ReadEventsAsync(RunId.Parse("whole-1"), seen, 1_000)).Last;
        await Submit(connection.Runs, "endless-1", TestSpecs.Average(epochs: 1_000_000));
        for (EventPage page = new([], 0); !page.Lines.Any(line => line.Contains("\"epoch\":2", StringComparison.Ordinal));)
            page = await connection.Runs.ReadEventsAsync(RunId.Parse("endless-1"), page.Last, 1_000);

        using var http = new HttpClient { BaseAddress = new(silo.Announced("page").Split(' ')[0]) };
        using var refused = await http.GetAsync("/metrics", cancellation);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        string scraped = await http.GetStringAsync("/metrics", cancellation);
        await connection.Runs.StopAsync(RunId.Parse("endless-1"), "seen enough");
        silo.Signal(StandingSilo.Terminate);
        var (exitCode, error) = await silo.EndAsync(cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.All(
            new[]
            {
                "tbptt_step_duration_seconds_bucket", "tbptt_step_duration_seconds_sum", "tbptt_chunk_duration_seconds_count",
                "tbptt_sync_wait_seconds_bucket",
                "tbptt_sequence_steps_total", "tbptt_gradient_norm_bucket", "tbptt_gradient_clipped_total", "tbptt_hidden_norm_sum",
                "tbptt_checkpoint_duration_seconds_bucket", "tbptt_checkpoint_size_bytes_bucket", "tbptt_runs_total", "tbptt_runs_active",
                "tbptt_loss", "tbptt_learning_rate", "tbptt_epoch", "tbptt_trainers",
                "orleans_", "dotnet_gc_collections_total",
            },
            series => Assert.Contains($"\n{series}", scraped, StringComparison.Ordinal));
        Assert.Matches("tbptt_step_duration_seconds_bucket{[^}]*phase=\"evaluation\"", scraped);
        Assert.Matches("tbptt_runs_total{[^}]*outcome=\"completed\"[^}]*} 1", scraped);
        Assert.Matches("tbptt_loss{[^}]*run=\"endless-1\"[^}]*split=\"training\"", scraped);
        Assert.DoesNotContain("run=\"whole-1\"", scraped, StringComparison.Ordinal);

        Assert.True(exitCode == 0, error);
        var left = Logged(silo, "seen enough");
        Assert.Equal(("endless-1", 32), (left.GetProperty("Run").GetString(), left.GetProperty("@tr").GetString()!.Length));
    }

    [Fact(Timeout = 120_000)]
    public async Task Silo_SendsSpansMetricsAndLogs_ToTheCollectorThatTheStandardVariablesName()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var collector = await Collector.StartAsync();
        using var silo = await StandingSilo.Start(["--runs", Runs, "--http", "off", "--log-format", "json"], new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "100",
        }).ReadyAsync(cancellation);
        await using var connection =
            await ClusterConnection.OpenAsync(Path.Combine(Runs, ".cluster", "membership.db"), "tbptt", cancellation);
        await Submit(connection.Runs, "endless-1", TestSpecs.Average(epochs: 1_000_000));

        await collector.WaitForAsync("traces", "tbptt.epoch"u8.ToArray(), cancellation);
        await collector.WaitForAsync("metrics", "tbptt.step.duration"u8.ToArray(), cancellation);
        await connection.Runs.StopAsync(RunId.Parse("endless-1"), "seen enough");
        byte[] sent = await collector.WaitForAsync("logs", "seen enough"u8.ToArray(), cancellation);
        silo.Signal(StandingSilo.Terminate);
        var (exitCode, error) = await silo.EndAsync(cancellation);

        Assert.True(exitCode == 0, error);
        var left = Logged(silo, "seen enough");
        Assert.True(sent.AsSpan().IndexOf(Convert.FromHexString(left.GetProperty("@tr").GetString()!)) >= 0,
            "the log came without the line's trace id");

        // Lines name spans that have been sent, and no others.
        Assert.Equal(16, left.GetProperty("@sp").GetString()!.Length);
        foreach (string span in SpansOf(silo))
            await collector.WaitForAsync("traces", Convert.FromHexString(span), cancellation);

        // An attribute of that name: its length stands before it.
        Assert.True(sent.AsSpan().IndexOf("\u0003Run"u8) >= 0, "the log came without the run's id");
    }

    [Fact(Timeout = 120_000)]
    public async Task Train_WritesSpansOfConsoleAndSilosToStandardError_InOneTrace_WhereItsCommandLineSaysSo()
    {
        var spec = TestSpecs.Average();
        string file = _directory.File("spec.yaml");
        await File.WriteAllTextAsync(file, SpecWriter.ToYaml(spec), TestContext.Current.CancellationToken);
        using var console = ConsoleProcess.Start(Runs, "train", file, "--output", "json", "--telemetry", "console");

        var (code, output, error) = await console.End(TestContext.Current.CancellationToken);

        Assert.True(code == 0, error);
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.NotNull(RunJson.ReadEvent(line)));
        string[] traces = [.. new[] { "tbptt.submit", "tbptt.start", "tbptt.chunk" }.Select(TraceOf)];
        Assert.Single(traces.Distinct());

        string TraceOf(string span)
        {
            string[] lines = [.. error.Split('\n').Select(line => line.Trim())];
            int name = Array.FindIndex(lines, line => line.StartsWith("Activity.DisplayName:", StringComparison.Ordinal)
                && line.EndsWith(span, StringComparison.Ordinal));
            Assert.True(name > 0, $"no {span} in {error}");
            return lines[Array.FindLastIndex(lines, name, line => line.StartsWith("Activity.TraceId:", StringComparison.Ordinal))];
        }
    }

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<JsonElement> Entries(StandingSilo silo) =>
        silo.Lines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement);

    private static string[] SpansOf(StandingSilo silo) =>
        [.. Entries(silo).Where(entry => entry.TryGetProperty("@sp", out _)).Select(entry => entry.GetProperty("@sp").GetString()!)
            .Distinct()];

    private static JsonElement Logged(StandingSilo silo, string words) =>
        Entries(silo).Single(entry => entry.GetProperty("@m").GetString()!.Contains(words, StringComparison.Ordinal));

    private static async Task Submit(IRunService runs, string id, RunSpec spec) =>
        Assert.Empty((await runs.SubmitAsync(new(RunId.Parse(id), spec.Written(), Protocol: ProtocolVersion.Current))).Problems);
}
