using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Telemetry;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client;

/// <summary>What commands work with.</summary>
/// <param name="Checker">Reads specs.</param>
/// <param name="Launcher">Starts local clusters.</param>
/// <param name="Connector">Reaches clusters that are there.</param>
/// <param name="Configuration">Names the cluster of a bare <c>--cluster</c>.</param>
/// <param name="Terminal">Where to write.</param>
/// <param name="Time">The clock.</param>
/// <param name="Interruption">Ctrl-C.</param>
internal sealed record ConsoleContext(
    ISpecChecker Checker, IClusterLauncher Launcher, IClusterConnector Connector, IConfiguration Configuration, Terminal Terminal,
    TimeProvider Time, Interruption Interruption)
{
    /// <summary>How patient to be with clusters.</summary>
    public WatchLimits Limits { get; init; } = new();

    /// <summary>Whether and where spans go.</summary>
    public ConsoleTelemetry Telemetry { get; } = new();

    /// <summary>Where silos' telemetry for people goes; null where there is none.</summary>
    public Action<string>? TelemetryOfSilos => Telemetry.IsOnConsole ? Terminal.Error.WriteLine : null;

    /// <summary>How a run is shown: nobody draws on a screen that telemetry scrolls over.</summary>
    /// <param name="mode">What was asked for.</param>
    public OutputMode Shown(OutputMode mode) => mode == OutputMode.Auto && Telemetry.IsOnConsole ? OutputMode.Plain : mode;

    /// <summary>Finds clusters that are there.</summary>
    public Clusters Clusters => new(Connector, Configuration, Time, Limits);
}
