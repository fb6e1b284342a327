using System.Globalization;
using System.Text.Json;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A Prometheus of a test's own.</summary>
internal sealed class PrometheusServer : OwnServer
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly string _program = ServerPrograms.Require("prometheus", "prometheus");
    private readonly string _configuration;

    private PrometheusServer(string configuration)
        : base("prometheus") => _configuration = configuration;

    /// <inheritdoc/>
    public override string ConnectionString => $"http://127.0.0.1:{Port}";

    /// <summary>
    /// Starts a server; it answers when this returns. The test is skipped where Prometheus is not installed, and fails in CI.
    /// </summary>
    /// <param name="configuration">What <c>prometheus.yml</c> says.</param>
    /// <param name="cancellation">Gives up.</param>
    public static Task<PrometheusServer> StartAsync(string configuration, CancellationToken cancellation) =>
        StartAsync(new PrometheusServer(configuration), cancellation);

    /// <summary>Evaluates an expression at this moment.</summary>
    /// <returns>The value of each series that has a number; none where there is no data.</returns>
    /// <exception cref="InvalidOperationException">The expression is none.</exception>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression, CancellationToken cancellation)
    {
        using var response =
            await Http.GetAsync(new Uri($"{ConnectionString}/api/v1/query?query={Uri.EscapeDataString(expression)}"), cancellation);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation));
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{expression}: {answer.RootElement.GetProperty("error").GetString()}");
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
                .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture))
                .Where(double.IsFinite),
        ];
    }

    /// <inheritdoc/>
    protected override Task InitializeAsync(CancellationToken cancellation) =>
        File.WriteAllTextAsync(Files.File("prometheus.yml"), _configuration, cancellation);

    /// <inheritdoc/>
    protected override Task<ServerProcess?> StartProcessAsync(CancellationToken cancellation) => ServerProcess.StartAsync(
        _program,
        [
            $"--config.file={Files.File("prometheus.yml")}", $"--storage.tsdb.path={Files.File("data")}",
            $"--web.listen-address=127.0.0.1:{Port}",
        ],
        "Server is ready to receive web requests",
        cancellation);
}
