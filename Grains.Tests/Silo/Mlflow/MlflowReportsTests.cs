using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Mlflow;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Mlflow;

/// <summary>What an MLflow server is sent, by a stand-in that refuses what MLflow's documentation does not allow.</summary>
public sealed class MlflowReportsTests : IDisposable
{
    private static readonly RunId Run = Sample.Run;

    private readonly TemporaryDirectory _store = new();
    private readonly StandInServer _server = new();
    private readonly RecordedLog _log = new();
    private readonly List<RunId> _here = [Run];
    private readonly RunDirectory _run;
    private long _number;

    public MlflowReportsTests()
    {
        _run = new(_store.Path, Run);
        Directory.CreateDirectory(_run.Path);
        File.WriteAllText(_run.Spec, "name: wave\nmodel:\n  hiddenSize: 20\n  rename: {'a(b)': rnn}\n");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_IsReported_WithParametersMetricsAndItsEnd()
    {
        using var reports = Reports();
        Write(Sample.Started(), Sample.Step(1), Sample.Step(2, double.NaN), Sample.Epoch(1, 0.5, 0.25, new Metric("RMSE", 3.5, "kW²")));
        await reports.ReportAsync(Cancellation);
        Write(Sample.Step(3), Sample.Ended(RunState.Completed));
        _here.Clear();

        await reports.ReportAsync(Cancellation);

        var run = Assert.Single(_server.Runs);
        Assert.Equal(("wave-1", "FINISHED"), (run.Name, run.Status));
        Assert.Equal("20", run.Parameters["model.hiddenSize"]);
        Assert.Equal("rnn", run.Parameters["model.rename.a_b_"]);
        Assert.Equal(["train/loss 1 0.5", "train/loss 3 0.5"], Losses(run));
        Assert.Contains("epoch/validation_loss 2 0.25", run.Metrics);
        Assert.Contains("epoch/RMSE in kW_ 2 3.5", run.Metrics);
        Assert.Equal("6", run.Tags[ReportedRun.EventTag]);
    }

    [Fact]
    public async Task Silo_ContinuesTheReports_OfTheOneBefore()
    {
        using (var first = Reports())
        {
            Write(Sample.Started(), Sample.Step(1), Sample.Ended(RunState.Stopped));
            await first.ReportAsync(Cancellation);
        }

        Assert.Equal("KILLED", _server.Runs[0].Status);
        Write(Sample.Resumed(2, 1), Sample.Step(2));
        using var second = Reports();

        await second.ReportAsync(Cancellation);

        var run = Assert.Single(_server.Runs);
        Assert.Equal("RUNNING", run.Status);
        Assert.Equal(["train/loss 1 0.5", "train/loss 2 0.5"], Losses(run));
    }

    [Fact]
    public async Task Steps_AreThinned_AndTheLastOneOfAPageIsKept()
    {
        using var reports = Reports();
        Write([Sample.Started(), .. Enumerable.Range(1, 1_050).Select(step => Sample.Step(step))]);

        await reports.ReportAsync(Cancellation);

        string[] losses = [.. Losses(_server.Runs[0])];
        Assert.Equal(96, losses.Length); // 1,050 steps, each eleventh of them.
        Assert.Equal("train/loss 1050 0.5", losses[^1]);
    }

    [Fact]
    public async Task Server_ThatDoesNotAnswer_IsReportedOnce_AndSentWhatIsMissingLater()
    {
        using var reports = Reports();
        Write(Sample.Started(), Sample.Step(1));
        _server.IsDown = true;
        await reports.ReportAsync(Cancellation);
        await reports.ReportAsync(Cancellation);
        Assert.Empty(_server.Runs);
        Write(Sample.Step(2));
        _server.IsDown = false;

        await reports.ReportAsync(Cancellation);

        Assert.Equal(2, Losses(_server.Runs[0]).Count());
        Assert.Collection(
            _log.Messages,
            line => Assert.Contains("does not take reports: 503", line, StringComparison.Ordinal),
            line => Assert.Contains("takes reports again", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("10.0.0.7:5000", "tbptt", null, "Tbptt:Mlflow:Uri: found '10.0.0.7:5000', expected the address of an MLflow server")]
    [InlineData("http://mlflow:5000", " ", null, "Tbptt:Mlflow:Experiment: found an empty name")]
    [InlineData("http://mlflow:5000", "tbptt", "two words", "Tbptt:Mlflow:Token: found an empty token, or a character")]
    public void Settings_AreRefused_WithTheKey(string uri, string experiment, string? token, string expected)
    {
        var exception = Assert.Throws<SiloStartException>(
            () => new MlflowSettings { Uri = uri, Experiment = experiment, Token = token }.Validate());

        Assert.StartsWith(expected, exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        _store.Dispose();
    }

    private MlflowReports Reports() => new(
        new() { Runs = _store.Path, Mlflow = new() { Uri = "http://mlflow:5000", Experiment = "waves" } }, new(_server.Client),
        () => [.. _here], TimeProvider.System, _log);

    private static IEnumerable<string> Losses(StandInRun run) =>
        run.Metrics.Where(metric => metric.StartsWith("train/loss", StringComparison.Ordinal));

    private void Write(params RunEvent[] events) => File.AppendAllLines(
        _run.Metrics, events.Select(one => RunJson.Write(one with { Number = ++_number, Time = Sample.Noon.AddSeconds(_number) })));

    private sealed class RecordedLog : ILogger<MlflowReports>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }

    /// <summary>A server in memory, with the limits of MLflow's REST API 2.0.</summary>
    private sealed class StandInServer : HttpMessageHandler
    {
        private bool _hasExperiment;

        public StandInServer() => Client = new(this) { BaseAddress = new("http://mlflow:5000/") };

        public HttpClient Client { get; }

        public bool IsDown { get; set; }

        public List<StandInRun> Runs { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsDown)
                return new(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("<html>") };
            string call = request.RequestUri!.AbsolutePath["/api/2.0/mlflow/".Length..];
            string text = request.Content is null ? "{}" : await request.Content.ReadAsStringAsync(cancellationToken);
            var body = JsonNode.Parse(text)!.AsObject();
            var (status, answer) = (request.Method.Method, call) switch
            {
                ("GET", "experiments/get-by-name") => Find(request.RequestUri.Query),
                ("POST", "experiments/create") => Create(body),
                ("POST", "runs/search") => Answer(new
                {
                    runs = Runs.Where(run => (string)body["filter"]! == $"tags.`tbptt.run` = '{run.Tags["tbptt.run"]}'")
                        .Select(run => run.Shown),
                }),
                ("POST", "runs/create") => CreateRun(body),
                ("POST", "runs/log-batch") => Log(body),
                ("POST", "runs/update") => Update(body),
                _ => Refuse("ENDPOINT_NOT_FOUND", HttpStatusCode.NotFound),
            };
            return new(status) { Content = new StringContent(answer) };
        }

        private (HttpStatusCode Status, string Text) Find(string query) =>
            query != "?experiment_name=waves" ? Refuse("INVALID_PARAMETER_VALUE")
            : _hasExperiment ? Answer(new { experiment = new { experiment_id = "7", name = "waves" } })
            : Refuse("RESOURCE_DOES_NOT_EXIST", HttpStatusCode.NotFound);

        private (HttpStatusCode Status, string Text) Create(JsonObject body)
        {
            Assert.Equal("waves", (string?)body["name"]);
            _hasExperiment = true;
            return Answer(new { experiment_id = "7" });
        }

        private (HttpStatusCode Status, string Text) CreateRun(JsonObject body)
        {
            Assert.Equal("7", (string?)body["experiment_id"]);
            Assert.Equal(Sample.Noon.AddSeconds(1).ToUnixTimeMilliseconds(), (long)body["start_time"]!);
            var run = new StandInRun($"{Runs.Count:x32}", (string)body["run_name"]!);
            StandInRun.Set(run.Tags, body["tags"]);
            Runs.Add(run);
            return Answer(new { run = run.Shown });
        }

        private (HttpStatusCode Status, string Text) Log(JsonObject body)
        {
            var run = Runs.Single(run => run.Id == (string?)body["run_id"]);
            var metrics = body["metrics"]!.AsArray();
            if (metrics.Count > 1_000 || body["params"]!.AsArray().Count > 100 || body["tags"]!.AsArray().Count > 100)
                return Refuse("INVALID_PARAMETER_VALUE");
            foreach (var metric in metrics)
            {
                Assert.Matches("^[A-Za-z0-9_./ -]+$", (string)metric!["key"]!);
                Assert.True((long)metric["timestamp"]! > 1_700_000_000_000);
                run.Metrics.Add($"{metric["key"]} {metric["step"]} {metric["value"]}");
            }

            StandInRun.Set(run.Parameters, body["params"]);
            StandInRun.Set(run.Tags, body["tags"]);
            return Answer(new { });
        }

        private (HttpStatusCode Status, string Text) Update(JsonObject body)
        {
            var run = Runs.Single(run => run.Id == (string?)body["run_id"]);
            run.Status = (string)body["status"]!;
            Assert.Equal(run.Status != "RUNNING", body.ContainsKey("end_time"));
            return Answer(new { run_info = run.Shown });
        }

        private static (HttpStatusCode Status, string Text) Answer(object value) => (HttpStatusCode.OK, JsonSerializer.Serialize(value));

        private static (HttpStatusCode Status, string Text) Refuse(string code, HttpStatusCode status = HttpStatusCode.BadRequest) =>
            (status, JsonSerializer.Serialize(new { error_code = code, message = "refused" }));
    }

    private sealed class StandInRun(string id, string name)
    {
        public string Id => id;

        public string Name => name;

        public string Status { get; set; } = "RUNNING";

        public Dictionary<string, string> Parameters { get; } = [];

        public Dictionary<string, string> Tags { get; } = [];

        public List<string> Metrics { get; } = [];

        public object Shown => new
        {
            info = new { run_id = Id, status = Status },
            data = new { tags = Tags.Select(tag => new { key = tag.Key, value = tag.Value }) },
        };

        public static void Set(Dictionary<string, string> values, JsonNode? list)
        {
            foreach (var item in list!.AsArray())
            {
                Assert.Matches("^[A-Za-z0-9_./ -]+$", (string)item!["key"]!);
                values[(string)item["key"]!] = (string)item["value"]!;
            }
        }
    }
}
