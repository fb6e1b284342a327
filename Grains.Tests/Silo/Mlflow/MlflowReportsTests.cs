using System.Net;
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

    [Fact]
    public async Task RunWhoseFilesCannotBeRead_HoldsUpNoOther()
    {
        RunDirectory lost = new(_store.Path, RunId.Parse("lost-1"));
        _here.Insert(0, lost.Id);
        Directory.CreateDirectory(lost.Path);
        using var reports = Reports();
        Write(Sample.Started(), Sample.Step(1));
        File.Copy(_run.Metrics, lost.Metrics);

        await reports.ReportAsync(Cancellation);
        await reports.ReportAsync(Cancellation);

        Assert.Equal(["train/loss 1 0.5"], Losses(_server.Runs.Single(run => run.Name == "wave-1")));
        Assert.Contains("Run lost-1 cannot be reported", Assert.Single(_log.Messages), StringComparison.Ordinal);
    }

    /// <summary>999 metrics and the tag that says how far they go: MLflow takes 1,000 of all in one call.</summary>
    [Fact]
    public async Task LargeReports_AreCut_ToWhatACallTakes()
    {
        using var reports = Reports();
        var metrics = Enumerable.Range(0, 1_998).Select(i => new Metric("RMSE", i, $"{new string('x', 300)}{i}")).ToArray();
        Write(Sample.Started(), Sample.Epoch(1, 0.5, null, metrics[..998]), Sample.Epoch(2, 0.5, null, metrics[..1_997]));

        await reports.ReportAsync(Cancellation);

        Assert.Empty(_server.Mlflow.Refused);
        Assert.Equal((999, 1_000), _server.Mlflow.Largest);
        Assert.Equal(2_997, _server.Runs[0].Metrics.Count);
    }

    /// <summary>What the server will never take does not keep the rest from it.</summary>
    [Fact]
    public async Task RefusedBatch_IsDropped_AndThatIsSaid()
    {
        using var reports = Reports();
        Write(Sample.Started() with { Time = Sample.Noon });
        await reports.ReportAsync(Cancellation);
        // A time that no server takes.
        File.AppendAllLines(_run.Metrics, [RunJson.Write(Sample.Step(1) with { Number = ++_number, Time = DateTimeOffset.UnixEpoch })]);
        await reports.ReportAsync(Cancellation);
        Write(Sample.Step(2), Sample.Ended(RunState.Completed));

        await reports.ReportAsync(Cancellation);

        Assert.Equal(["train/loss 2 0.5"], Losses(_server.Runs[0]));
        Assert.Equal("FINISHED", _server.Runs[0].Status);
        Assert.Contains("refuses 3 metrics of run wave-1, which are dropped: 400 INVALID_PARAMETER_VALUE", Assert.Single(_log.Messages),
            StringComparison.Ordinal);
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
        () => [.. _here], () => [], TimeProvider.System, _log);

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

    /// <summary>A server in memory.</summary>
    private sealed class StandInServer : HttpMessageHandler
    {
        public StandInServer() => Client = new(this) { BaseAddress = new("http://mlflow:5000/") };

        public HttpClient Client { get; }

        public bool IsDown { get; set; }

        public StandInMlflow Mlflow { get; } = new("waves");

        public List<StandInRun> Runs => Mlflow.Runs;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsDown)
                return new(HttpStatusCode.ServiceUnavailable) { Content = new StringContent("<html>") };
            string text = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            var (status, answer) =
                Mlflow.Answer(request.Method.Method, request.RequestUri!.AbsolutePath, request.RequestUri.Query, text);
            return new(status) { Content = new StringContent(answer) };
        }
    }
}
