using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Telemetry;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>
/// Ends the process when Orleans cannot continue, usually because the other silos have declared this one dead. Orleans' own handler
/// aborts with a stack trace and a core file.
/// </summary>
internal sealed partial class FatalExit(ILogger<FatalExit> logger, IServiceProvider services, TimeProvider time) : IFatalErrorHandler
{
    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => true;

    /// <inheritdoc/>
    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        LogFatal(logger, context ?? exception?.Message ?? "unknown", exception);

        // The collector must receive the reason before the process ends.
        SiloTelemetry.FlushAsync(services, time).Wait();
        Serilog.Log.CloseAndFlush();
        Environment.Exit(SiloExitCode.Failed);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The silo cannot continue: {Context}")]
    private static partial void LogFatal(ILogger logger, string context, Exception? exception);
}
