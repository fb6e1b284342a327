using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Local;
using Orleans.Tbptt.Membership;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Lifetime;
using Serilog;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>A silo's life: start, say so, wait for a reason to end, leave the cluster within a bounded time.</summary>
/// <param name="output">Where the silo says that it is ready.</param>
/// <param name="time">The clock.</param>
internal sealed class SiloRun(TextWriter output, TimeProvider time)
{
    private const string ExposedWarning =
        "the address is not loopback: whoever reaches these ports can call any grain and read any file a spec names; there is no access control yet";

    /// <summary>Runs a silo to its end.</summary>
    /// <exception cref="SiloStartException">It could not start.</exception>
    public async Task<int> RunAsync(SiloStart start)
    {
        using var end = new EndRequest(start.Mode);
        if (start.Mode == SiloMode.Detached)
            OwnSession.Begin();
        // From the very start: the console may go while the silo comes.
        if (start.Mode == SiloMode.Local)
            ParentPipe.Watch(Console.OpenStandardInput(), end.Ask);
        SiloLog.Open(start.Settings, start.Mode);
        try
        {
            var host = await SiloStarter.StartAsync(start.Settings, end.Token);
            Announce(host.Services, start);
            await WaitForEndAsync(host, start, end);
            await LeaveAsync(host, start);
        }
        catch (OperationCanceledException) when (end.Token.IsCancellationRequested)
        {
            // Asked to end before it had started: nothing to leave.
        }
        finally
        {
            await Log.CloseAndFlushAsync();
        }

        return SiloExitCode.Ended;
    }

    private void Announce(IServiceProvider services, SiloStart start)
    {
        var details = services.GetRequiredService<ILocalSiloDetails>();
        IPEndPoint silo = details.SiloAddress.Endpoint, gateway = details.GatewayAddress.Endpoint;
        var settings = start.Settings;
        if (start.Mode == SiloMode.Standing)
        {
            output.WriteLine($"silo        {settings.EffectiveName} at {silo}, clients at {gateway}");
            output.WriteLine($"membership  SQLite {settings.MembershipFile}, cluster {settings.ClusterId}");
            output.WriteLine($"device      {settings.DeviceName}");
            output.WriteLine($"runs        {Path.GetFullPath(settings.Runs)}");
            if (settings.IsExposed)
                output.WriteLine($"warning     {ExposedWarning}");
        }
        else
        {
            output.WriteLine(new ReadyLine
            {
                Ready = true, Silo = silo.ToString(), Gateway = gateway.ToString(), Pid = Environment.ProcessId,
            });
        }

        output.Flush();
        if (settings.IsExposed && start.Mode != SiloMode.Standing)
            Log.Warning("{Warning}", ExposedWarning);
        Log.Information(
            "Silo {Name} at {Silo}, clients at {Gateway}, membership {Membership}, cluster {Cluster}, device {Device}, runs {Runs}",
            settings.EffectiveName, silo, gateway, settings.MembershipFile, settings.ClusterId, settings.DeviceName, Path.GetFullPath(settings.Runs));
    }

    private async Task WaitForEndAsync(IHost host, SiloStart start, EndRequest end)
    {
        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, stopping);
        try
        {
            if (start.Run is { } run)
            {
                var coordinator = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ICoordinatorGrain>(run.Text);
                var logger = host.Services.GetRequiredService<ILogger<RunEndWatch>>();
                await new RunEndWatch(coordinator.GetStatus, time, logger).WaitAsync(either.Token);
            }
            else
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // This is how a silo is asked to end.
        }
    }

    private async Task LeaveAsync(IHost host, SiloStart start)
    {
        Log.Information("The silo is leaving its cluster");
        try
        {
            // An orderly leave takes as long as calls in flight do; after the timeout the others find out by their probes.
            await host.StopAsync(CancellationToken.None).WaitAsync(SiloHost.ShutdownTimeout, time);
            // The membership of a standing cluster outlives its silos; that of one run is of no use to anybody after it.
            // Another silo of the run may have been the last one that the file still told of.
            if (start.Mode != SiloMode.Standing && File.Exists(start.Settings.MembershipFile))
                SqliteMembership.DeleteIfDeserted(start.Settings.MembershipFile);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException or SqliteException or IOException)
        {
            Log.Warning(exception, "The silo did not leave its cluster in an orderly way");
        }
    }
}
