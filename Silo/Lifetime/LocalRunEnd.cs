using System.Text.Json;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Sweeps;
using Serilog;

namespace Orleans.Tbptt.Silo.Lifetime;

/// <summary>
/// The run of a local silo that ends. When the console has ended, possibly by kill -9, the run is stopped at its last committed step, with
/// a checkpoint, instead of waiting for silos that never come.
/// </summary>
/// <param name="grains">The grains.</param>
/// <param name="settings">The silo's settings; the cluster's ID is the run's.</param>
/// <param name="time">The clock.</param>
internal sealed class LocalRunEnd(IGrainFactory grains, SiloSettings settings, TimeProvider time)
{
    /// <summary>
    /// Without what a large checkpoint takes. A console that lives kills its silos 1.8 s, and the same, after it has closed their pipes.
    /// </summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1.2);

    /// <summary>How long a console may take to read the end of its run, and to close the pipes then.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Stops the run of a console that has ended, unless it has ended or is paused. Never fails.</summary>
    /// <returns>Whether it has ended.</returns>
    public async Task<bool> StopAsync()
    {
        if (ReadSweep() is { HasEnded: false } sweep)
            await StopAsync(sweep);
        var status = Read();
        if (status is null or { HasEnded: true } or { State: RunState.Paused })
            return status is { HasEnded: true };
        try
        {
            Log.Information("The console has ended: stopping its run");
            await grains.GetGrain<ICoordinatorGrain>(status.Id).StopRun("stopped because the console that trained it has ended")
                .WaitAsync(StopTimeout + FinalCheckpoint.Allowance(status), time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or RunNotFoundException)
        {
            Log.Warning(exception, "The run could not be stopped");
        }

        return Read() is { HasEnded: true };
    }

    private async Task StopAsync(SweepStatus sweep)
    {
        try
        {
            Log.Information("The console has ended: stopping its sweep");
            await grains.GetGrain<ISweepGrain>(sweep.Id).StopSweep("stopped because the console that started it has ended")
                .WaitAsync(StopTimeout, time);
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or SweepNotFoundException)
        {
            Log.Warning(exception, "The sweep could not be stopped");
        }
    }

    private SweepStatus? ReadSweep()
    {
        try
        {
            return RunId.TryParse(settings.Clustering.ClusterId, out var sweep)
                ? new SweepDirectory(Path.GetFullPath(settings.Runs), sweep).ReadStatus() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Once the run has ended, waits until the console has read that: it reads it from the silos, all of which may have been asked to end.
    /// </summary>
    /// <param name="console">Completes when the console has closed the pipe.</param>
    public async Task WaitUntilReadAsync(Task console)
    {
        if (Read() is { HasEnded: true })
            await console.WaitAsync(ReadTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private RunStatus? Read()
    {
        try
        {
            return RunId.TryParse(settings.Clustering.ClusterId, out var run)
                ? new RunDirectory(Path.GetFullPath(settings.Runs), run).ReadStatus()
                : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
