using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Lifetime;
using Orleans.Tbptt.Silo.Mlflow;
using Orleans.Tbptt.Silo.Telemetry;
using Orleans.Tbptt.Training.Engines;
using Serilog;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>A silo's life: start, announce, wait for a reason to end, leave the cluster within a bounded time.</summary>
/// <param name="output">Where the silo announces that it is ready.</param>
/// <param name="time">The clock.</param>
internal sealed class SiloRun(TextWriter output, TimeProvider time)
{
    /// <summary>How long trainers and coordinators may take to move away, so that the silo ends within 10 s.</summary>
    internal static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Runs a silo to its end.</summary>
    /// <exception cref="SiloStartException">It could not start.</exception>
    public async Task<int> RunAsync(SiloStart start)
    {
        using var end = new EndRequest(start.Mode);
        if (start.Mode == SiloMode.Detached)
            OwnSession.Begin();
        // From the start, because the console may end while the silo starts. A detached silo outlives it.
        var parent = start.Mode == SiloMode.Standing ? null
            : ParentPipe.Watch(Console.OpenStandardInput(), start.Mode == SiloMode.Local ? end.Ask : () => { });
        SiloLog.Open(start.Settings, start.Mode);
        LibtorchFolder.Use(start.Settings.Libtorch, warning => Log.Warning("{Warning}", warning));
        try
        {
            // Consoles list the silos that they start in a file; nobody else asks whether they live.
            using var life = start is { Mode: not SiloMode.Standing, Settings.Clustering.Provider: ClusteringProvider.Sqlite }
                ? await LocalClusterLife.HoldAsync(start.Settings.Clustering.Connection, time)
                : null;
            var silo = await SiloStarter.StartAsync(start.Settings, time, end.Token);
            parent?.PassTo(new ParentCalls(silo.Host.Services.GetRequiredService<IGrainFactory>(), output).Take);
            new SiloAnnouncement(start, silo.Host.Services.GetRequiredService<ILocalSiloDetails>(), silo.Page).Write(output);
            await WaitForEndAsync(silo.Host, start, end);
            var local = start.Mode == SiloMode.Local
                ? new LocalRunEnd(silo.Host.Services.GetRequiredService<IGrainFactory>(), start.Settings, time)
                : null;
            if (end.IsSignal)
            {
                await DrainAsync(silo.Host.Services.GetRequiredService<SiloDrain>());
                if (local is not null)
                    await local.WaitUntilReadAsync(parent!.Ended);
            }
            else if (local is not null && await local.StopAsync())
            {
                await AbandonAsync(silo, life);
                return SiloExitCode.Ended;
            }

            await LeaveAsync(silo, start);
        }
        catch (OperationCanceledException) when (end.Token.IsCancellationRequested)
        {
            // Asked to end before it has joined: there is nothing to leave.
        }
        finally
        {
            await Log.CloseAndFlushAsync();
        }

        return SiloExitCode.Ended;
    }

    private async Task WaitForEndAsync(IHost host, SiloStart start, EndRequest end)
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, stopping);
        try
        {
            if (start.Run is { } run)
            {
                var grains = host.Services.GetRequiredService<IGrainFactory>();
                var logger = host.Services.GetRequiredService<ILogger<RunEndWatch>>();
                var watch = start.IsSweep ? RunEndWatch.OfSweep(grains.GetGrain<ISweepGrain>(run.Text).GetStatus, time, logger)
                    : RunEndWatch.OfRun(grains.GetGrain<ICoordinatorGrain>(run.Text).GetStatus, time, logger);
                await watch.WaitAsync(either.Token);
            }
            else
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The wait ends when the silo is asked to end.
        }
    }

    /// <summary>
    /// Waits until this silo's grains have moved away. When a console ends, all its silos end, and there is nowhere to move to.
    /// </summary>
    internal async Task DrainAsync(SiloDrain drain)
    {
        drain.Begin();
        Log.Information("The silo drains: {Occupants}", drain.Occupants.Count == 0 ? "no grains" : string.Join(", ", drain.Occupants));
        try
        {
            await drain.Drained.WaitAsync(DrainTimeout, time);
        }
        catch (TimeoutException)
        {
            Log.Warning("The silo leaves with what has not moved away within {Timeout} s: {Occupants}", DrainTimeout.TotalSeconds,
                string.Join(", ", drain.Occupants));
        }
    }

    /// <summary>
    /// Ends without leaving the cluster in an orderly way: the run has ended, its results are on the disk, all silos of its cluster end
    /// with the console, and the user waits for the prompt.
    /// </summary>
    private async Task AbandonAsync(RunningSilo silo, IDisposable? life)
    {
        Log.Information("The run has ended, and with it its cluster");
        await Task.WhenAll(SiloTelemetry.FlushAsync(silo.Host.Services, time), silo.Host.Services.FlushMlflowAsync());
        life?.Dispose();
        try
        {
            silo.Store.DeleteIfLast();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Warning(exception, "The membership file could not be deleted");
        }
    }

    private async Task LeaveAsync(RunningSilo silo, SiloStart start)
    {
        Log.Information("The silo is leaving its cluster");
        await silo.Host.Services.FlushMlflowAsync();
        try
        {
            // An orderly leave waits for calls in flight; after the timeout the others find out by their probes.
            await silo.Host.StopAsync(CancellationToken.None).WaitAsync(SiloHost.ShutdownTimeout, time);

            // The membership of a standing cluster outlives its silos; that of one run is of no use after it.
            // The membership file may list no other silo of the run any more.
            if (start.Mode != SiloMode.Standing)
                silo.Store.DeleteIfDeserted();
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException or SqliteException or IOException)
        {
            Log.Warning(exception, "The silo did not leave its cluster in an orderly way");
        }
        finally
        {
            await SiloTelemetry.FlushAsync(silo.Host.Services, time);
        }
    }
}
