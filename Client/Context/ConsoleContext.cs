using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Telemetry;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Client.Context;

/// <summary>The services that commands use.</summary>
/// <param name="Checker">Reads specs.</param>
/// <param name="Launcher">Starts local clusters.</param>
/// <param name="Connector">Connects to existing clusters.</param>
/// <param name="Configuration">Names the cluster of a bare <c>--cluster</c>; read when a command starts.</param>
/// <param name="Terminal">Where to write to.</param>
/// <param name="Time">The clock.</param>
/// <param name="Interruption">Ctrl-C and other signals.</param>
internal sealed record ConsoleContext(
    ISpecChecker Checker, IClusterLauncher Launcher, IClusterConnector Connector, Lazy<IConfiguration> Configuration, Terminal Terminal,
    TimeProvider Time, Interruption Interruption)
{
    /// <summary>Timeouts and retry intervals.</summary>
    public WatchLimits Limits { get; init; } = new();

    /// <summary>How many GPUs this machine has; null where that cannot be found out without loading their driver.</summary>
    public Func<int?> CountGpus { get; init; } = GpuDrivers.CountNvidia;

    /// <summary>Whether and where spans are exported.</summary>
    public ConsoleTelemetry Telemetry { get; } = new();

    /// <summary>Writes the telemetry that silos print as text; null where they print none.</summary>
    public Action<string>? TelemetryOfSilos => Telemetry.IsOnConsole ? Terminal.Error.WriteLine : null;

    /// <summary>How a run is shown: telemetry on the console would scroll a live screen away.</summary>
    /// <param name="mode">The mode that was asked for.</param>
    public OutputMode EffectiveMode(OutputMode mode) => mode == OutputMode.Auto && Telemetry.IsOnConsole ? OutputMode.Plain : mode;

    /// <summary>Finds existing clusters.</summary>
    public Clusters Clusters => new(Connector, Configuration, Time, Limits);
}
