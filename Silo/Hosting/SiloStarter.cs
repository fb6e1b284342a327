using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Membership;
using Orleans.Tbptt.Silo.Configuration;
using Serilog;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>Starts a silo on free ports and makes one line of whatever keeps it from starting.</summary>
internal static class SiloStarter
{
    private const int Attempts = 5;

    /// <summary>Starts a silo; it is part of its cluster when this returns.</summary>
    /// <exception cref="SiloStartException">It could not start.</exception>
    public static async Task<IHost> StartAsync(SiloSettings settings, CancellationToken cancellation)
    {
        CreateRunStore(settings.Runs);
        try
        {
            SqliteMembership.Prepare(settings.MembershipFile);
        }
        catch (MembershipStoreException exception)
        {
            throw new SiloStartException(exception.Message, SiloExitCode.Unreachable, exception);
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await StartOnceAsync(settings, cancellation);
            }
            catch (Exception exception) when (FreePorts.IsTaken(exception))
            {
                bool chosen = settings.SiloPort == 0 || settings.GatewayPort == 0;
                if (!chosen || attempt == Attempts)
                    throw new SiloStartException(
                        $"ports: {Ports(settings)} of {settings.Address} in use; choose others, or leave them out", SiloExitCode.WrongConfiguration, exception);
                Log.Information("A port was taken before the silo had it; trying others");
            }
        }
    }

    private static async Task<IHost> StartOnceAsync(SiloSettings settings, CancellationToken cancellation)
    {
        var host = default(IHost);
        try
        {
            var (siloPort, gatewayPort) = FreePorts.Choose(settings.IPAddress, settings.SiloPort, settings.GatewayPort);
            host = SiloHost.Build(settings, settings.IPAddress, siloPort, gatewayPort);
            await host.StartAsync(cancellation);
            return host;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            host?.Dispose();
            if (FreePorts.IsTaken(exception))
                throw;
            Log.Fatal(exception, "The silo could not start");
            int code = Causes(exception).Any(cause => cause is DbException or TimeoutException) ? SiloExitCode.Unreachable : SiloExitCode.WrongConfiguration;
            throw new SiloStartException($"the silo could not start: {Causes(exception).Last().Message.ReplaceLineEndings(" ")}", code, exception);
        }
    }

    private static void CreateRunStore(string runs)
    {
        try
        {
            Directory.CreateDirectory(runs);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SiloStartException($"runs: cannot use {runs}: {exception.Message}", SiloExitCode.Unreachable, exception);
        }
    }

    private static string Ports(SiloSettings settings) =>
        (settings.SiloPort, settings.GatewayPort) is (0, 0) ? "every port that was tried is" : $"{settings.SiloPort} or {settings.GatewayPort} is";

    private static IEnumerable<Exception> Causes(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            yield return exception;
    }
}
