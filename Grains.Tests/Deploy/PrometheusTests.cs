using System.Net.Http.Json;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;
using YamlDotNet.Serialization;
using Map = System.Collections.Generic.Dictionary<object, object?>;

namespace Orleans.Tbptt.Tests.Deploy;

/// <summary>Real silos, Prometheus as <c>deploy/prometheus.yml</c> configures it, and the questions of Grafana's dashboard.</summary>
public sealed class PrometheusTests(ChaosReport report) : ChaosTest(report)
{
    private const string ScrapeInterval = "250ms";
    private const string RateInterval = "4s";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact(Timeout = Limit)]
    public async Task EveryQuestionOfTheDashboard_IsAnswered_WhileTwoSilosTrainAndOneIsLost()
    {
        string token = Workplace.File("token");
        await File.WriteAllTextAsync(token, "let-me-see\n", TestContext.Current.CancellationToken);
        using var directory = new TemporaryDirectory();
        string package = TrainedModels.Of(directory, TrainedModels.OneSeries).Save(directory.File("package"));
        var setup = new ChaosSetup(Workplace, MembershipStore.Sqlite(Workplace.File("membership.db")))
        {
            HasPages = true,
            Environment = new()
            {
                ["Tbptt__Web__TokenFile"] = token, ["OTEL_METRICS_EXPORTER"] = "none", ["Tbptt__Serve__Models__0"] = $"shops={package}",
            },
        };
        var cluster = await StartClusterAsync(setup, silos: 2);
        var prometheus = Keep(await PrometheusServer.StartAsync(Configuration(cluster, token), TestContext.Current.CancellationToken));
        var ended = await cluster.SubmitAsync(RecoverySpecs.With("train.epochs=1"));
        await ended.AwaitEnd();

        var run = await cluster.SubmitAsync(RecoverySpecs.Longer(20));
        await AnswerAsync(prometheus,
            ["count(up == 1) == 2", "count(count by (instance) (rate(tbptt_chunk_duration_seconds_count[4s]) > 0)) == 2"]);
        (await Whereabouts.FindAsync(cluster, run.Id)).OfATrainer.Kill();
        await run.Await<TrainersRecovered>("the recovery", _ => true);

        // Of a series that had not begun with zero this would not be seen.
        await AnswerAsync(prometheus, ["sum(increase(tbptt_recoveries_total{reason=\"lost\"}[1m])) > 0"]);
        using var client = new HttpClient { BaseAddress = cluster.Silos.First(silo => silo.IsAlive).Page };
        client.DefaultRequestHeaders.Authorization = new("Bearer", "let-me-see");
        int row = 0;
        await AnswerAsync(
            prometheus, Dashboard.Expressions.Select(expression => Dashboard.Sent(expression, RateInterval)),
            () => SendRowAsync(client, ++row));
    }

    private static async Task SendRowAsync(HttpClient client, int row)
    {
        using var answer = await client.PostAsJsonAsync(
            "api/models/shops/streams/one", new { first = row, rows = new[] { new[] { 1 } } }, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    [Fact]
    public void Dashboard_AsksTheDataSourceThatIsProvisioned()
    {
        var provisioned = (Map)new DeserializerBuilder().Build()
            .Deserialize(File.ReadAllText(SourceTree.Of("deploy", "grafana", "provisioning", "datasources", "tbptt.yaml")))!;
        var known = ((List<object>)provisioned["datasources"]!).Cast<Map>().Select(source => (string)source["uid"]!);

        Assert.Equal(["prometheus"], Dashboard.Sources);
        Assert.Contains("prometheus", known);
    }

    /// <summary>Asks until each expression has once had a number.</summary>
    private static async Task AnswerAsync(PrometheusServer prometheus, IEnumerable<string> expressions, Func<Task>? between = null)
    {
        var open = expressions.ToHashSet();
        Assert.NotEmpty(open);
        await Wait.For<object>(
            "Prometheus' answers",
            async () =>
            {
                foreach (string expression in open.ToArray())
                {
                    if ((await prometheus.QueryAsync(expression, TestContext.Current.CancellationToken)).Count > 0)
                        open.Remove(expression);
                }

                if (between is not null)
                    await between();
                return open.Count == 0 ? open : throw new NotYetException($"no number for {string.Join(" ;; ", open)}");
            },
            Patience);
    }

    /// <summary>The deployed file, with these silos in place of those that a name server knows, asked more often.</summary>
    private static string Configuration(ChaosCluster cluster, string token)
    {
        var file = (Map)new DeserializerBuilder().Build().Deserialize(File.ReadAllText(SourceTree.Of("deploy", "prometheus.yml")))!;
        ((Map)file["global"]!)["scrape_interval"] = ScrapeInterval;
        var job = (Map)Assert.Single((List<object>)file["scrape_configs"]!)!;
        Assert.True(job.Remove("dns_sd_configs"));
        job["static_configs"] =
            new[] { new Dictionary<string, object> { ["targets"] = cluster.Silos.Select(silo => silo.Page!.Authority).ToArray() } };
        ((Map)job["authorization"]!)["credentials_file"] = token;
        return new SerializerBuilder().Build().Serialize(file);
    }
}
