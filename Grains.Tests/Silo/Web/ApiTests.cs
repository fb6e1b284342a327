using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>A silo on the loopback, and a run that has ended.</summary>
public sealed class LoopbackSilo : IAsyncLifetime
{
    internal const int Epochs = 4;

    internal WebSilos Silos { get; private set; } = null!;

    internal RunId Run { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Silos = await WebSilos.StartAsync(1);
        Run = await Silos.TrainAsync(TestSpecs.Average(epochs: Epochs, validationFraction: 0.2));
    }

    public ValueTask DisposeAsync() => Silos.DisposeAsync();
}

/// <summary>Over the real server: what programs receive.</summary>
[Slow]
public sealed class ApiTests(LoopbackSilo silo) : IClassFixture<LoopbackSilo>, IDisposable
{
    private readonly HttpClient _client = silo.Silos.Client();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Run => $"/api/runs/{silo.Run}";

    [Fact]
    public async Task Runs_AreListed_EachWithItsStatus()
    {
        var runs = await GetAsync("/api/runs");

        var run = Assert.Single(runs.AsArray(), one => (string?)one!["run"]!["id"] == silo.Run.Text)!;
        Assert.Equal(("completed", false, LoopbackSilo.Epochs),
            ((string?)run["run"]!["state"], (bool)run["lost"]!, run["run"]!["validationLosses"]!.AsArray().Count));
        Assert.Empty(run["nonFinite"]!.AsObject());
        Assert.Equal(run["run"]!["epochLosses"]!.ToJsonString(), (await GetAsync(Run))["run"]!["epochLosses"]!.ToJsonString());
    }

    [Fact]
    public async Task Steps_AreColumnsOfEqualLength()
    {
        var steps = (await GetAsync($"{Run}/steps")).AsObject();
        long committed = (await silo.Silos.Coordinator(silo.Run).GetStatus()).Step;

        Assert.Equal(Enumerable.Range(1, (int)committed), steps["steps"]!.AsArray().Select(step => (int)step!));
        Assert.All(["loss", "low", "high", "learningRate", "gradientNorm", "clipShare", "stepsPerSecond"], column =>
            Assert.Equal(committed, steps[column]!.AsArray().Count));
        Assert.All(steps["stepsPerSecond"]!.AsArray(), rate => Assert.InRange((double)rate!, 1e-3, 1e6));
        Assert.Equal(LoopbackSilo.Epochs, steps["epochs"]!.AsArray().Count);
    }

    [Fact]
    public async Task Charts_AreFiles_OfTheViewThatTheQueryAsksFor()
    {
        using var svg = await _client.GetAsync($"{Run}/charts/loss.svg?y=linear", Cancellation);
        Assert.Equal(("image/svg+xml", $"{silo.Run}-loss.svg"),
            (svg.Content.Headers.ContentType!.MediaType, svg.Content.Headers.ContentDisposition!.FileName));
        Assert.StartsWith("<svg", await svg.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);

        string csv = await _client.GetStringAsync($"{Run}/charts/loss.csv?from=2&to=4&smooth=0", Cancellation);
        Assert.Equal("step,train,validation", csv.Split("\r\n")[0]);
        Assert.Equal(["2", "3", "4"], csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..].Select(row => row.Split(',')[0]));
    }

    [Fact]
    public async Task Events_ComeUnderTheirNumbers_AndContinueAfterTheLastOneSeen()
    {
        var journal = await silo.Silos.Coordinator(silo.Run).ReadEvents(0, 10_000);

        var all = await EventsAsync(after: null);
        var rest = await EventsAsync(after: 5);

        Assert.Equal(journal.Lines, all.Select(one => one.Data));
        Assert.Equal(Enumerable.Range(1, journal.Lines.Count).Select(number => $"{number}"), all.Select(one => one.EventId));
        Assert.Equal(all.Skip(5).Select(one => one.Data), rest.Select(one => one.Data));
        using var answer = await SendEventsAsync(journal.Last);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task Events_End_WhenTheLastOnesWereNeverWritten()
    {
        // Of a copy the silo has nothing in its memory.
        var copy = silo.Silos.Copy(silo.Run);
        string[] lines = await File.ReadAllLinesAsync(copy.Metrics, Cancellation);
        await File.WriteAllLinesAsync(copy.Metrics, lines[..^2], Cancellation);

        var events = await EventsAsync(after: null, $"/api/runs/{copy.Id}");

        Assert.Equal(lines[..^2], events.Select(one => one.Data));
    }

    [Fact]
    public async Task Explanation_IsThatOfTheConsole_AsJsonAndAsAPage()
    {
        var explained = await GetAsync($"{Run}/steps/3/explanation");
        using var page = await _client.GetAsync($"/runs/{silo.Run}/steps/3", Cancellation);
        string markup = await page.Content.ReadAsStringAsync(Cancellation);
        using var beyond = await _client.GetAsync($"{Run}/steps/99999/explanation", Cancellation);
        using var nowhere = await _client.GetAsync($"/runs/{silo.Run}/steps/0", Cancellation);

        Assert.Equal((3, silo.Run.Text), ((int)explained["step"]!, (string?)explained["run"]));
        Assert.Equal(1, explained["lanes"]!.AsArray().Sum(lane => (double)lane!["share"]!), 6);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains($"largest part: lane {explained["lanes"]![0]!["lane"]}, sequence ", markup, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (beyond.StatusCode, nowhere.StatusCode));
        Assert.Contains(
            "step: found 99999, expected 1 to ", await beyond.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_IsPausedResumedAndStopped()
    {
        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));

        Assert.Equal("paused", await ControlAsync(run, "pause", new { reason = "lunch" }));
        Assert.Equal("lunch", (string?)(await GetAsync($"/api/runs/{run}"))["run"]!["message"]);
        using var refused = await PostAsync(run, "resume", new { trainers = 99 });
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("trainers: found 99, expected 1 to 6", await refused.Content.ReadAsStringAsync(Cancellation),
            StringComparison.Ordinal);
        using var resized = await PostAsync(run, "resize", new { trainers = 1 });
        Assert.Equal(HttpStatusCode.Conflict, resized.StatusCode);
        Assert.Contains("the run is paused", await resized.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        using var audited = await PostAsync(run, "audit", null);
        Assert.Equal(HttpStatusCode.Conflict, audited.StatusCode);
        Assert.Contains("the run is paused", await audited.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Contains(await ControlAsync(run, "resume", null), (string[])["starting", "running", "queued"]);
        Assert.Equal("stopped", await ControlAsync(run, "stop", null));
    }

    [Theory]
    [InlineData("/api/runs/no-such-run", HttpStatusCode.NotFound)]
    [InlineData("/api/runs/no-such-run/events", HttpStatusCode.NotFound)]
    [InlineData("/api/runs/..%2f..%2fetc/spec", HttpStatusCode.NotFound)]
    [InlineData("/api/compare?a=x", HttpStatusCode.BadRequest)]
    [InlineData("/api/runs/no-such-run/charts/nothing.svg", HttpStatusCode.NotFound)]
    [InlineData("/api/runs/no-such-run/charts/loss.svg", HttpStatusCode.NotFound)]
    [InlineData("/api/no/such/place", HttpStatusCode.NotFound)]
    public async Task Error_IsProblemDetails(string path, HttpStatusCode status)
    {
        using var answer = await _client.GetAsync(path, Cancellation);

        Assert.Equal((status, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal((int)status, (int)(await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["status"]!);
    }

    [Fact]
    public async Task Api_DescribesItself()
    {
        var document = await GetAsync("/api/openapi.json");

        string[] paths = [.. document["paths"]!.AsObject().Select(path => path.Key)];
        Assert.Contains("/api/runs/{id}/events", paths);
        Assert.All(paths, path => Assert.StartsWith("/api/", path, StringComparison.Ordinal));
        var status = document["components"]!["schemas"]!["RunStatus"]!["properties"]!;
        Assert.Equal("integer", (string?)status["generation"]!["type"]);
        Assert.Equal("string", (string?)document["components"]!["schemas"]!["SiloTrainer"]!["properties"]!["run"]!["type"]
            ?? (string?)document["components"]!["schemas"]!["RunId"]!["type"]);
    }

    [Fact]
    public async Task Cluster_ReportsSilosSlotsDevicesAndPages()
    {
        var cluster = await GetAsync("/api/cluster");

        var only = Assert.Single(cluster["silos"]!.AsArray())!;
        Assert.Equal(("silo-1", silo.Silos.Pages[0].ToString()), ((string?)only["name"], (string?)only["page"]));
        Assert.Equal("cpu", (string?)only["devices"]![0]);
    }

    [Fact]
    public async Task Notes_AreWritten_UnlessSomebodyElseWroteMeanwhile()
    {
        var run = await silo.Silos.TrainAsync(TestSpecs.Average(epochs: 1));

        using var written = await PostAsync(run, "notes", new { tags = (string[])["best", "paper"], text = "first" });
        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        using var partly = await PostAsync(run, "notes", new { text = "second", revision = 1 });
        var notes = (await partly.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal(
            ("second", 2, """["best","paper"]"""), ((string?)notes["text"], (int)notes["revision"]!, notes["tags"]!.ToJsonString()));
        Assert.Contains((await GetAsync("/api/runs")).AsArray(), one =>
            (string?)one!["run"]!["id"] == run.Text && one["tags"]!.AsArray().Count == 2);

        using var late = await PostAsync(run, "notes", new { text = "third", revision = 1 });
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        using var wrong = await PostAsync(run, "notes", new { tags = (string[])["<b>"] });
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        using var missing = await PostAsync(RunId.Parse("no-such-run"), "notes", new { text = "x" });
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("second", (string?)(await GetAsync($"/api/runs/{run}/notes"))["text"]);
    }

    [Fact]
    public async Task ComparedCharts_AreFiles_OfTheRunsThatTheQueryNames()
    {
        string csv = await _client.GetStringAsync($"/api/compare/validation.csv?run={silo.Run}&x=sequence", Cancellation);
        Assert.Equal($"sequence steps,{silo.Run}", csv.Split("\r\n")[0]);
        Assert.Equal(LoopbackSilo.Epochs, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1);
        using var unknown = await _client.GetAsync("/api/compare/loss.svg?run=no-such-run", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var wrong = await _client.GetAsync($"/api/compare/loss.svg?run={silo.Run}&x=steps", Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task Load_IsSampledByEachSilo_AndDrawn()
    {
        var samples = await UntilSampledAsync();

        Assert.InRange((double)samples[^1]!["cores"]!, 0, Environment.ProcessorCount);
        Assert.InRange((double)samples[^1]!["memory"]!, 1 << 20, 1L << 40);
        Assert.Null(samples[^1]!["gpu"]);
        string csv = await _client.GetStringAsync("/api/cluster/charts/memory.csv", Cancellation);
        Assert.StartsWith("time until the last sample,silo-1", csv, StringComparison.Ordinal);
        using var page = new HttpRequestMessage(HttpMethod.Get, "/cluster") { Headers = { { "Accept", "text/html" } } };
        using var answer = await _client.SendAsync(page, Cancellation);
        string markup = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Contains("Resident memory of each silo", markup, StringComparison.Ordinal);
        Assert.Contains("CatalogGrain", markup, StringComparison.Ordinal);
        Assert.DoesNotContain("GPU: share", markup, StringComparison.Ordinal);
        using var unknown = await _client.GetAsync("/api/cluster/charts/nothing.svg", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    /// <summary>The samples of the only silo, once one has counted the messages of these requests.</summary>
    private async Task<JsonArray> UntilSampledAsync()
    {
        while (true)
        {
            var samples = Assert.Single((await GetAsync("/api/cluster/load")).AsArray())!["samples"]!.AsArray();
            if (samples.Any(sample => (double)sample!["messages"]! > 0))
                return samples;
        }
    }

    [Fact]
    public async Task Comparison_ReportsHowSpecsDiffer()
    {
        var other = await silo.Silos.TrainAsync(TestSpecs.Average(epochs: 2, validationFraction: 0.2));

        var comparison = await GetAsync($"/api/compare?a={silo.Run}&b={other}");

        var only = Assert.Single(comparison["differences"]!.AsArray())!;
        Assert.Equal(("train.epochs", "4", "2"), ((string?)only["key"], (string?)only["a"], (string?)only["b"]));
    }

    [Fact]
    public async Task Request_IsRefused_WhenItNamesAnotherHost()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/runs") { Headers = { Host = "example.org" } };
        using var answer = await _client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public void Port_IsRefused_WhenSomebodyElseListensThere()
    {
        var taken = new WebSettings { Http = $"{silo.Silos.Pages[0].Port}" };

        var exception = Assert.Throws<SiloStartException>(() => WebAddress.Check(taken));

        Assert.Equal((SiloExitCode.WrongConfiguration, $"http: port {taken.Http} of 127.0.0.1 is in use; choose another, or omit it"),
            (exception.ExitCode, exception.Message));
        Assert.IsType<SocketException>(exception.InnerException);
    }

    public void Dispose() => _client.Dispose();

    private async Task<JsonNode> GetAsync(string path) => (await _client.GetFromJsonAsync<JsonNode>(path, Cancellation))!;

    private async Task<string?> ControlAsync(RunId run, string action, object? body)
    {
        using var answer = await PostAsync(run, action, body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["run"]!["state"];
    }

    private async Task<HttpResponseMessage> PostAsync(RunId run, string action, object? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/runs/{run}/{action}") { Headers = { { "X-Tbptt", "1" } } };
        if (body is not null)
            request.Content = JsonContent.Create(body);
        return await _client.SendAsync(request, Cancellation);
    }

    private async Task<List<SseItem<string>>> EventsAsync(long? after, string? run = null)
    {
        using var answer = await SendEventsAsync(after, run);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
        return await SseParser.Create(stream).EnumerateAsync(Cancellation).ToListAsync(Cancellation);
    }

    private async Task<HttpResponseMessage> SendEventsAsync(long? after, string? run = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{run ?? Run}/events");
        if (after is { } number)
            request.Headers.Add("Last-Event-ID", $"{number}");
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }
}
