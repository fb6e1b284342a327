using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Pages.Models;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Silo.Web.Models;

/// <summary>
/// The pages and the API of models in this process: the silo's own server and access control over a run store with small models. There is
/// no cluster.
/// </summary>
public sealed class ModelSite : IAsyncLifetime
{
    /// <summary>A name that no page may take for markup.</summary>
    internal const string Hostile = "\"><script>alert(1)</script>";

    /// <summary>
    /// Models of one column of 400 rows, of which the second one forecasts three rows, of rows with dates, of a panel of two shops, and of
    /// tokens.
    /// </summary>
    internal const string Sales = "sales-1", Ahead = "ahead-1", Dated = "dated-1", Shops = "shops-1", Bytes = "bytes-1";

    private readonly TemporaryDirectory _directory = new();
    private WebApplication? _web;
    private int _logs;

    internal string Runs => _directory.File("runs");

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Add(Sales, Write("sales.csv", OneSeries()), "inputs: [sales], targets: [sales], validationFraction: 0.25, horizon: 2,");
        Add(Ahead, Write("ahead.csv", OneSeries()), "inputs: [sales], targets: [sales], validationFraction: 0.25, horizon: 1..3,");
        Add(Shops, Write("shops.csv", Panel("north", Hostile)),
            "inputs: [sales], targets: [sales, stock], series: shop, time: day, validationFraction: 0.25,");
        Add(Dated, Write("dated.csv", Panel("north")), "inputs: [sales], targets: [sales], validationFraction: 0.25,");
        Train(Bytes, """
            name: bytes
            model: {cell: rnn, hiddenSize: 3, embedding: {size: 2} }
            data: {source: "bytes:TEXT", batchSize: 2}
            tbptt: {chunkLength: 4}
            train: {epochs: 1, loss: cross_entropy, optimizer: {name: sgd, lr: 0.1} }
            """.Replace("TEXT", Write("text.txt", string.Concat(Enumerable.Repeat("some text. ", 10))), StringComparison.Ordinal));
        (_web, Client) = await StartAsync(new() { Runs = Runs });
    }

    /// <summary>Serves a run store.</summary>
    internal static async Task<(WebApplication Web, HttpClient Client)> StartAsync(SiloSettings settings)
    {
        var builder = WebHost.CreateBuilder(settings);
        builder.Services.AddLogging().AddSingleton(TimeProvider.System)
            .AddSingleton(Fake.Of<IGrainFactory>((method, _) => throw new NotSupportedException(method.Name)))
            .AddSingleton<IOptions<TbpttGrainsOptions>>(Options.Create(new TbpttGrainsOptions
            {
                RunsDirectory = settings.Runs, Serve = new() { Models = ["elsewhere=/nowhere"] },
            }));
        AddStreams(builder.Services);
        var web = builder.Build();
        WebHost.Configure(web, endpoints =>
        {
            endpoints.MapLogin();
            endpoints.MapModelPages();
            endpoints.MapApi();
        });
        await web.StartAsync();
        return (web, new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new(web.Urls.Single()) });
    }

    /// <summary>What this silo reads of the logs of streams; another one writes them.</summary>
    private static void AddStreams(IServiceCollection services)
    {
        var self = Fake.Of<ILocalSiloDetails>((_, _) => SiloAddress.FromParsableString("127.0.0.1:1@1"));
        var silos = Fake.Of<ISiloStatusOracle>((method, arguments) =>
        {
            if (method.Name == nameof(ISiloStatusOracle.GetApproximateSiloStatus))
                return SiloStatus.Active;
            arguments[1] = "silo-2";
            return true;
        });
        services.AddSingleton(self).AddSingleton(silos).AddSingleton<RunStore>().AddSingleton<StreamInstruments>()
            .AddSingleton<ServedModels>().AddSingleton<StreamWorker>().AddSingleton<StreamServices>()
            .AddSingleton(provider => new StreamService(
                provider.GetRequiredService<StreamServices>(), provider.GetRequiredService<IGrainFactory>(), silos,
                Timeout.InfiniteTimeSpan));
    }

    /// <summary>Writes rows of a stream as another silo does.</summary>
    internal void AddStream(string model, string stream, int rows)
    {
        var options = new TbpttGrainsOptions { RunsDirectory = Runs };
        using var log = new StreamLog(
            new RunStore(Options.Create(options)).Streams, $"127.0.0.1:2@{Interlocked.Increment(ref _logs)}", _ => true, options.Serve,
            TimeProvider.System, _ => { });
        string key = $"{model}/{stream}";
        log.Append(
            key, log.Load(key) with
            {
                Last = rows, TakenAt = TimeProvider.System.GetUtcNow(), Version = 42, Shape = new(1, 1, 1, 1), Hidden = [1],
                Kept = [new(rows, [1], [1])],
            }, 1);
        log.Commit();
    }

    /// <summary>The directory of a run.</summary>
    internal RunDirectory Run(string name) => new(Runs, RunId.Parse(name));

    /// <summary>Another model with the files of one, which a test may damage.</summary>
    internal RunDirectory Copy(string model, string name)
    {
        RunDirectory from = Run(model), to = Run(name);
        Directory.CreateDirectory(to.Package);
        foreach (string file in Directory.GetFiles(from.Path))
            File.Copy(file, Path.Combine(to.Path, Path.GetFileName(file)), overwrite: true);
        foreach (string file in Directory.GetFiles(from.Package))
            File.Copy(file, Path.Combine(to.Package, Path.GetFileName(file)), overwrite: true);
        return to;
    }

    /// <summary>A request to forecast.</summary>
    internal async Task<(int Status, string Text)> PredictAsync(
        string model, string rows, string type = "text/csv", string query = "", string accept = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/models/{model}/predict{query}")
        {
            Content = new StringContent(rows, Encoding.UTF8, MediaTypeHeaderValue.Parse(type)),
            // The silo answers before it has read what it refuses; a client that still sends would see a broken connection.
            Headers = { { SameSite.Header, "1" }, { "Accept", accept }, { "Expect", "100-continue" } },
        };
        using var answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>A page.</summary>
    internal async Task<(int Status, string Text)> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "text/html" } } };
        using var answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_web is { } web)
            await web.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Rows with one column.</summary>
    internal static string OneSeries(int rows = 400) => "sales\n" + string.Concat(Enumerable.Range(0, rows).Select(
        i => string.Create(CultureInfo.InvariantCulture, $"{Sale(i)}\n")));

    /// <summary>The value of a row, from 0.</summary>
    internal static int Sale(int row) => 100 + (row * 7 % 13);

    private static string Panel(params string[] shops) => "day,shop,sales,stock\n" + string.Concat(Enumerable.Range(0, 30).SelectMany(
        i => shops.Select(shop => string.Create(CultureInfo.InvariantCulture,
            $"2024-01-{i + 1:D2},\"{shop.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{Sale(i)},{i}\n"))));

    private void Add(string name, string path, string keys) => Train(name,
        $$"""
        name: {{name}}
        model: {cell: gru, hiddenSize: 4}
        data: { source: "csv:{{path}}", {{keys}} batchSize: 2 }
        tbptt: {chunkLength: 4}
        train: {epochs: 1, loss: mse, optimizer: {name: adam, lr: 0.01} }
        """);

    /// <summary>Trains a model, and writes the files that a run ends with.</summary>
    private void Train(string name, string text)
    {
        var document = SpecLoader.Parse(text, $"{name}.yaml", "/");
        Assert.Empty(document.Problems);
        using var prepared = PreparedRun.Prepare(document.Spec!);
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => new FusedReplica(prepared.Spec.Model, prepared.Spec.Train.Loss));
        Assert.Null(trainer.Train());
        var status = Sample.Status(RunState.Completed, name) with
        {
            EpochLosses = [0.5], ValidationLosses = [0.25],
            Metrics = [new("validation RMSE", 3.5, "sales", MetricKind.Validation, Count: 100)],
        };
        var run = Run(name);
        Directory.CreateDirectory(run.Package);
        var data = new RunData(prepared.Files, prepared.Description);
        string spec = SpecWriter.ToYaml(prepared.Spec);
        File.WriteAllText(run.Status, RunJson.Write(status));
        File.WriteAllText(run.Spec, spec);
        File.WriteAllText(run.Data, RunJson.Write(data));
        var package = ModelPackage.Of(
            status, prepared.Spec, spec, data, trainer.State.Parameters,
            HiddenTensors.Of(prepared.Spec.Model, prepared.Spec.Data.BatchSize, trainer.State.Hidden));
        foreach (var (file, write) in package.Files)
        {
            using var stream = File.Create(Path.Combine(run.Package, file));
            write(stream);
        }
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_directory.File(name), text);
        return _directory.File(name);
    }
}
