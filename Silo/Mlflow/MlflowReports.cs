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
/// <param name="begun">Those whose coordinators have come since it was called last, whether they are here or have left.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs failures, once until the server answers again.</param>
internal sealed partial class MlflowReports(
    SiloSettings settings, MlflowClient client, Func<IReadOnlyList<RunId>> coordinators, Func<IReadOnlyList<RunId>> begun,
    TimeProvider time, ILogger<MlflowReports> logger)
    : BackgroundService
{
    /// <summary>The time between two reports.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>How long a silo that ends waits for the last report.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(1);

    private readonly Dictionary<RunId, ReportedRun?> _runs = [];
    private readonly HashSet<RunId> _unreadable = [];
    private readonly SemaphoreSlim _gate = new(1);
    private string? _experiment;
    private bool _hasFailed;

    /// <summary>Reports what is new, once. Never fails.</summary>
    public async Task ReportAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            // Before anything fails: a run may have ended when the server answers again.
            IReadOnlyList<RunId> here = coordinators();
            foreach (var run in here.Concat(begun()))
                _runs.TryAdd(run, null);
            _experiment ??= await client.ExperimentAsync(settings.Mlflow.Experiment, cancellation);
            MlflowException? refusal = null;
            foreach (var run in _runs.Keys.ToList())
            {
                try
                {
                    var reported = _runs[run] ??= new(
                        new(Path.GetFullPath(settings.Runs), run), client, _experiment,
                        (what, cause) => LogDropped(logger, settings.Mlflow.Uri!, what, run.Text, cause));

                    // The last report of a run comes after its coordinator has left: it has ended, or another silo reports it.
                    await reported.ReportAsync(cancellation);
                    if (!here.Contains(run))
                        _runs.Remove(run);
                }
                catch (MlflowException exception)
                {
                    // The server answers, and may take those of other runs.
                    refusal ??= exception;
                }
                catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not HttpIOException))
                {
                    // The run's own files: the server is not to blame, and other runs are reported.
                    if (_unreadable.Add(run))
                        LogUnreadable(logger, run.Text, exception.Message);
                    if (!here.Contains(run))
                        _runs.Remove(run);
                }
            }

            if (refusal is not null)
                throw refusal;
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
        if (_hasFailed || limit.IsCancellationRequested)
            LogLeft(logger, settings.Mlflow.Uri!, string.Join(", ", _runs.Keys.Select(run => run.Text).Order(StringComparer.Ordinal)));
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
        Message = "The MLflow server {Server} does not take reports: {Cause}. Training continues, and what is missing is sent later, while "
            + "this silo lives")]
    private static partial void LogFailure(ILogger logger, string server, string cause);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The silo ends before the MLflow server {Server} has taken all reports, of the runs: {Runs}. Their journals have all; "
            + "a silo that continues a run reports the rest")]
    private static partial void LogLeft(ILogger logger, string server, string runs);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The MLflow server {Server} refuses {What} of run {Run}, which are dropped: {Cause}")]
    private static partial void LogDropped(ILogger logger, string server, string what, string run, string cause);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Run {Run} cannot be reported to MLflow, because its files cannot be read: {Cause}")]
    private static partial void LogUnreadable(ILogger logger, string run, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "The MLflow server {Server} takes reports again")]
    private static partial void LogAnswers(ILogger logger, string server);
}
