using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// What every line of the log carries that is written inside, regardless of its writer. The trace's id comes from the span.
/// </summary>
internal static class LogScopes
{
    private static readonly Func<ILogger, RunId, IDisposable?> Run = LoggerMessage.DefineScope<RunId>("run {Run}");
    private static readonly Func<ILogger, int, IDisposable?> Epoch = LoggerMessage.DefineScope<int>("epoch {Epoch}");

    /// <summary>The run.</summary>
    public static IDisposable? OfRun(this ILogger logger, RunId run) => Run(logger, run);

    /// <summary>The epoch, counted from 1.</summary>
    public static IDisposable? OfEpoch(this ILogger logger, int epoch) => Epoch(logger, epoch);
}
