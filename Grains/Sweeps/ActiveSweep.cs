using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>A sweep while it is driven here, from the moment that its grain begins it until it has ended or goes elsewhere.</summary>
#pragma warning disable CA1001 // Its source of cancellation has no timer and no handle: there is nothing to release.
internal sealed partial class ActiveSweep
#pragma warning restore CA1001
{
    private readonly SweepServices _services;
    private readonly SweepDirectory _sweep;
    private readonly CancellationTokenSource _left = new();
    private readonly HeldRuns _held = new();
    private readonly ILogger _logger;
    private volatile SweepStatus _status;
    private volatile string? _stopped;

    /// <summary>Begins to drive a sweep.</summary>
    /// <param name="services">What a sweep works with.</param>
    /// <param name="sweep">The sweep's files.</param>
    /// <param name="status">The status to begin with.</param>
    public ActiveSweep(SweepServices services, SweepDirectory sweep, SweepStatus status)
    {
        (_services, _sweep, _status) = (services, sweep, status);
        _logger = services.Loggers.CreateLogger<ActiveSweep>();
        _held.Add(status.Held);
        Left = Task.Run(Drive);
    }

    /// <summary>Completes when the sweep is not driven here any more.</summary>
    public Task Left { get; }

    /// <summary>The sweep as it is now.</summary>
    public SweepStatus Status => _status;

    /// <summary>Continues runs although somebody has paused or stopped them.</summary>
    public void Continue(IEnumerable<string> runs) => _held.Add(runs);

    /// <summary>Whether it is being stopped.</summary>
    public bool IsEnding => _stopped is not null;

    /// <summary>Leaves the sweep to another driver; its runs continue.</summary>
    public void HandOver() => _left.Cancel();

    /// <summary>Stops the sweep and its runs.</summary>
    /// <param name="reason">In words, who stopped it or why.</param>
    public void Stop(string reason)
    {
        _stopped = reason;
        _left.Cancel();
    }

    private async Task Drive()
    {
        try
        {
            try
            {
                var driver = new SweepDriver(_services, _sweep, _status, _held, status => _status = status);
                await driver.Run(_left.Token);
            }
            catch (OperationCanceledException) when (_left.IsCancellationRequested)
            {
                if (_stopped is not { } reason)
                    return;
                await StopRuns();
                End(RunState.Stopped, reason);
            }
            catch (SweepFailedException failure)
            {
                await StopRuns();
                End(RunState.Failed, failure.Message);
            }
            catch (SpecException damage)
            {
                End(RunState.Failed, $"{_sweep.Request}: {damage.Message}");
            }
            catch (JsonException damage)
            {
                End(RunState.Failed, $"{_sweep.Request}: found text that is no sweep ({damage.Message}); put the file back");
            }
        }
#pragma warning disable CA1031 // A silo dies, or the run store is out of reach: the supervisor begins the sweep again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogLeft(_logger, exception, _sweep.Id);
        }
    }

    private void End(RunState state, string message)
    {
        var now = _services.Time.GetUtcNow();
        _status = _status with
        {
            State = state, Message = message, UpdatedAt = now, EndedAt = now,
            Trials = [.. _status.Trials.Select(trial => trial.State != TrialState.Running ? trial
                : trial with { State = trial.Figures.Count > 0 ? TrialState.Ended : TrialState.Waiting })],
        };
        SweepStore.Write(_sweep, _status);
    }

    /// <summary>Stops the sweep's runs that have not ended; what was a run before the sweep is left alone.</summary>
    private async Task StopRuns()
    {
        var unended = _services.Store.Runs.List().Where(run => run.Sweep == _sweep.Id.Text && run is { HasEnded: false })
            .Select(run => _services.Grains.GetGrain<ICoordinatorGrain>(run.Id).StopRun(HeldRuns.StoppedWith(_sweep.Id)));
        await Task.WhenAll(unended);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sweep {Sweep} is left for now; it is begun again soon")]
    private static partial void LogLeft(ILogger logger, Exception exception, RunId sweep);
}
