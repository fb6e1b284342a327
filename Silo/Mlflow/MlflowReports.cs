using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Mlflow;

/// <summary>
/// Reports the runs that are coordinated on this silo to an MLflow server. Training never waits for it: it reads what the journal has
/// already, and what it could not send is sent later.
/// </summary>
/// <param name="settings">The silo's settings.</param>
/// <param name="client">The server.</param>
/// <param name="coordinators">The runs that are coordinated here.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs failures, once until the server answers again.</param>
internal sealed partial class MlflowReports(
    SiloSettings settings, MlflowClient client, Func<IReadOnlyList<RunId>> coordinators, TimeProvider time, ILogger<MlflowReports> logger)
    : BackgroundService
{
    /// <summary>The time between two reports.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How long a silo that ends waits for the last report.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(1);

    private readonly Dictionary<RunId, ReportedRun> _runs = [];
    private readonly SemaphoreSlim _gate = new(1);
    private string? _experiment;
    private bool _hasFailed;

    /// <summary>Reports what is new, once. Never fails.</summary>
    public async Task ReportAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            _experiment ??= await client.ExperimentAsync(settings.Mlflow.Experiment, cancellation);
            IReadOnlyList<RunId> here = coordinators();
            foreach (var run in here)
                _runs.TryAdd(run, new(new(Path.GetFullPath(settings.Runs), run), client, _experiment));
            foreach (var (run, reported) in _runs.ToList())
            {
                // The last report of a run comes after its coordinator has left: it has ended, or another silo reports it.
                await reported.ReportAsync(cancellation);
                if (!here.Contains(run))
                    _runs.Remove(run);
            }

            if (_hasFailed)
                LogAnswers(logger, settings.Mlflow.Uri!);
            _hasFailed = false;
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            if (!_hasFailed)
                LogFailure(logger, settings.Mlflow.Uri!, exception.Message);
            _hasFailed = true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reports what is new before the silo ends. A server that does not answer does not keep it from ending.</summary>
    public async Task FlushAsync()
    {
        using var limit = new CancellationTokenSource(FlushTimeout, time);
        await ReportAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _gate.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await ReportAsync(stoppingToken);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The MLflow server {Server} does not take reports: {Cause}. Training continues, and what is missing is sent later")]
    private static partial void LogFailure(ILogger logger, string server, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The MLflow server {Server} takes reports again")]
    private static partial void LogAnswers(ILogger logger, string server);
}
