using System.Net;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Settings;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Serilog.Events;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>
/// A silo's settings from its command line, <c>Tbptt__…</c> environment variables, and the section <c>Tbptt</c> of
/// <c>appsettings.json</c>, in this order of precedence.
/// </summary>
internal sealed class SiloSettings
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Tbptt";

    /// <summary>The run store, shared by all silos of a cluster. Default <c>./runs</c>.</summary>
    public string Runs { get; set; } = "./runs";

    /// <summary>The device of runs with <c>device: auto</c>: auto, cpu or cuda:N. Default auto.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>
    /// The folder of the PyTorch whose libtorch <c>engine: torch</c> loads. Default: what <c>TBPTT_LIBTORCH</c> names, or else the libtorch
    /// that was installed with the silo.
    /// </summary>
    public string? Libtorch { get; set; }

    /// <summary>The number of trainers; 0 for coordinators only. Default: one per core, or per GPU.</summary>
    public int? Slots { get; set; }

    /// <summary>
    /// The directories from which data may be read; empty for any. Default: any; the run store, if other machines can reach the silo.
    /// </summary>
    public IReadOnlyList<string> DataRoots { get; set; } = [];

    /// <summary>The cluster and its membership store: the section <c>Orleans</c>.</summary>
    public ClusteringSettings Clustering { get; private set; } =
        ClusteringSettings.OfFile(SqliteMembership.FileIn("runs"), ClusteringSettings.DefaultClusterId);

    /// <summary>
    /// The IP address at which silos and clients reach this silo, or <c>auto</c>: this machine's only one. Default 127.0.0.1.
    /// </summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port for silos; 0, the default, for any free port.</summary>
    public int SiloPort { get; set; }

    /// <summary>The port for clients; 0, the default, for any free port.</summary>
    public int GatewayPort { get; set; }

    /// <summary>The silo's name; by default made from the process ID, or in a container, where that is 1, from the host name.</summary>
    public string? Name { get; set; }

    /// <summary>The file that the log is appended to; none by default.</summary>
    public string? LogFile { get; set; }

    /// <summary>The minimum log level: verbose, debug, information, warning, error or fatal. Default information.</summary>
    public string LogLevel { get; set; } = "information";

    /// <summary>The log format of a standing silo: text, or json with one event per line. Default text.</summary>
    public string LogFormat { get; set; } = "text";

    /// <summary>Whether spans and metrics are written to standard output: console or none. Default none.</summary>
    public string Telemetry { get; set; } = "none";

    /// <summary>The web page: the section <c>Web</c>.</summary>
    public WebSettings Web { get; set; } = new();

    /// <summary>The MLflow server that runs are reported to: the section <c>Mlflow</c>.</summary>
    public MlflowSettings Mlflow { get; set; } = new();

    /// <summary>How models are served: the section <c>Serve</c>.</summary>
    public ServeSettings Serve { get; set; } = new();

    /// <summary>The name in use.</summary>
    public string EffectiveName => Name ?? NameOf(Environment.ProcessId, Environment.MachineName);

    /// <summary><see cref="Device"/>, checked.</summary>
    public DeviceName DeviceName => DeviceName.TryParse(Device, out var device)
        ? device
        : throw Wrong("device", Device, DeviceName.Expected);

    /// <summary><see cref="Address"/>, checked.</summary>
    public IPAddress IPAddress => IPAddress.TryParse(Address, out var address) && !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        ? address
        : throw Wrong("address", Address, "the IP address at which silos and clients reach this silo, or auto");

    /// <summary>Whether other machines can reach the silo.</summary>
    public bool IsExposed => !IPAddress.IsLoopback(IPAddress);

    /// <summary><see cref="LogLevel"/>, checked.</summary>
    public LogEventLevel MinimumLevel => Enum.TryParse<LogEventLevel>(LogLevel, ignoreCase: true, out var level) && Enum.IsDefined(level)
        ? level
        : throw Wrong("log-level", LogLevel, "verbose, debug, information, warning, error or fatal");

    /// <summary><see cref="LogFormat"/>, checked.</summary>
    public bool LogsJson => Choice("log-format", LogFormat, "text", "json");

    /// <summary><see cref="Telemetry"/>, checked.</summary>
    public bool ExportsToConsole => Choice("telemetry", Telemetry, "none", "console");

    /// <summary><see cref="Device"/> resolved on this machine: never auto. Loads libtorch only if that may be a CUDA device.</summary>
    /// <exception cref="SiloStartException">This machine has no such device, or libtorch is needed and cannot be loaded.</exception>
    public DeviceName ActualDevice
    {
        get
        {
            try
            {
                return DeviceSelector.ThisMachine(DeviceName).Resolve(DeviceName);
            }
            catch (Exception exception) when (exception is DeviceUnavailableException or EngineUnavailableException)
            {
                throw new SiloStartException(exception.Message, SiloExitCode.WrongConfiguration, exception);
            }
        }
    }

    /// <summary>The number of trainers in effect.</summary>
    public int ActualSlots => Slots ?? (ActualDevice == DeviceName.Cpu ? Environment.ProcessorCount
        : DeviceName == DeviceName.Auto ? DeviceSelector.ThisMachine(DeviceName).CudaDevices : 1);

    /// <summary>A name that is probably unique in the cluster. In a container the only program is always process 1.</summary>
    internal static string NameOf(int process, string machine) => $"silo-{(process == 1 ? machine : process)}";

    /// <summary>Reads everything from the sources of a configuration, and checks it.</summary>
    /// <param name="sources">From <see cref="ClusteringSettings.Sources"/>.</param>
    /// <param name="dataRoots">Directories that replace those of the sources, unless empty.</param>
    /// <param name="models">Packages to serve that replace those of the sources, unless empty.</param>
    /// <exception cref="SiloStartException">A value is wrong; the message names it and what was expected.</exception>
    /// <exception cref="ClusterSettingsException">A value of <see cref="Clustering"/> is wrong, or no setting reads a key.</exception>
    public static SiloSettings Read(IConfiguration sources, IReadOnlyList<string> dataRoots, params IReadOnlyList<string> models)
    {
        SettingKeys.Check(sources);
        var settings = Bind(sources);
        if (dataRoots.Count > 0)
            settings.DataRoots = dataRoots;
        if (models.Count > 0)
            settings.Serve.Models = models;
        settings.Validate();
        settings.Clustering = ClusteringSettings.Read(sources, SqliteMembership.FileIn(settings.Runs));
        return settings;
    }

    private static SiloSettings Bind(IConfiguration sources)
    {
        try
        {
            return sources.GetSection(Section).Get<SiloSettings>() ?? new SiloSettings();
        }
        catch (InvalidOperationException exception)
        {
            // The binder's message names the key, its cause the value: the user needs both.
            string cause = exception.InnerException is { } inner ? $" {inner.Message}" : "";
            throw new SiloStartException(exception.Message + cause, SiloExitCode.WrongConfiguration, exception);
        }
    }

    private void Validate()
    {
        // Resolved once: the silo must not listen on one address and publish another.
        if (string.Equals(Address, OwnAddress.Auto, StringComparison.OrdinalIgnoreCase))
            Address = OwnAddress.Find().ToString();
        _ = (DeviceName, IPAddress, MinimumLevel, LogsJson, ExportsToConsole);
        if (Slots is < 0 or > TbpttGrainsOptions.MaxSlots)
            throw Wrong("slots", Slots, $"0 to {TbpttGrainsOptions.MaxSlots}");
        DataRoots = [.. DataRoots.Select(Path.GetFullPath)];
        foreach (string root in DataRoots)
        {
            if (!Directory.Exists(root))
                throw Wrong("data-root", root, "a directory that exists");
        }

        if (string.IsNullOrWhiteSpace(Runs))
            throw Wrong("runs", Runs, "a directory");
        if (DataRoots.Count == 0 && IsExposed)
            DataRoots = [Path.GetFullPath(Runs)];
        if (SiloPort is < 0 or > IPEndPoint.MaxPort)
            throw Wrong("silo-port", SiloPort, "0 to 65535");
        if (GatewayPort is < 0 or > IPEndPoint.MaxPort)
            throw Wrong("gateway-port", GatewayPort, "0 to 65535");
        if (SiloPort != 0 && SiloPort == GatewayPort)
            throw Wrong("gateway-port", GatewayPort, "another port than silo-port");
        Web.Validate();
        Mlflow.Validate();
        Serve.Validate();
    }

    /// <summary>Whether the second of two values was chosen.</summary>
    private static bool Choice(string option, string found, string first, string second)
    {
        bool isSecond = string.Equals(found, second, StringComparison.OrdinalIgnoreCase);
        return isSecond || string.Equals(found, first, StringComparison.OrdinalIgnoreCase) ? isSecond
            : throw Wrong(option, found, $"{first} or {second}");
    }

    private static SiloStartException Wrong(string option, object found, string expected) =>
        new($"{option}: found '{found}', expected {expected}", SiloExitCode.WrongConfiguration);
}
