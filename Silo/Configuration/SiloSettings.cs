using System.Net;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Serilog.Events;

namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>
/// What a silo is told by its command line, by <c>Tbptt__…</c> environment variables, and by the section <c>Tbptt</c> of
/// <c>appsettings.json</c>, in this order of weight.
/// </summary>
internal sealed class SiloSettings
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Tbptt";

    private const int MaxSlots = 1024;

    /// <summary>The run store, shared by all silos of a cluster. Default <c>./runs</c>.</summary>
    public string Runs { get; set; } = "./runs";

    /// <summary>The device for runs that leave the choice to the silo: auto, cpu or cuda:N. Default auto.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>How many trainers to take; 0 for coordinators only. Default: one for each core, or for each GPU.</summary>
    public int? Slots { get; set; }

    /// <summary>The directories that data may lie in. Empty, the default: anywhere.</summary>
    public IReadOnlyList<string> DataRoots { get; set; } = [];

    /// <summary>The cluster to be part of; weighs more than <c>Orleans:ClusterId</c>.</summary>
    public string? ClusterId { get; set; }

    /// <summary>
    /// The SQLite file of the membership; weighs more than <c>Orleans:Clustering:ConnectionString</c>. Default
    /// <c>.cluster/membership.db</c> in the run store.
    /// </summary>
    public string? Membership { get; set; }

    /// <summary>
    /// Where the cluster keeps its membership: the section <c>Orleans</c>, and what <see cref="ClusterId"/> and <see cref="Membership"/>
    /// change of it.
    /// </summary>
    public ClusteringSettings Clustering { get; private set; } = ClusteringSettings.OfFile("runs/.cluster/membership.db", ClusteringSettings.DefaultClusterId);

    /// <summary>The IP address that others reach this silo at, or <c>auto</c>: this machine's only one. Default 127.0.0.1.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port for silos; 0, the default, for any free one.</summary>
    public int SiloPort { get; set; }

    /// <summary>The port for clients; 0, the default, for any free one.</summary>
    public int GatewayPort { get; set; }

    /// <summary>
    /// The silo's name; when left out, made from the process id, and in a container, where that is 1, from the container's name.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>A file that the log is appended to; none when left out.</summary>
    public string? LogFile { get; set; }

    /// <summary>The least level that is logged: verbose, debug, information, warning, error or fatal. Default information.</summary>
    public string LogLevel { get; set; } = "information";

    /// <summary>How the log of a standing silo is written: text, for people, or json, one event a line. Default text.</summary>
    public string LogFormat { get; set; } = "text";

    /// <summary>Whether spans and metrics are written to standard output: console or none. Default none.</summary>
    public string Telemetry { get; set; } = "none";

    /// <summary>The web page: the section <c>Web</c>.</summary>
    public WebSettings Web { get; set; } = new();

    /// <summary>The name that is in use.</summary>
    public string EffectiveName => Name ?? NameOf(Environment.ProcessId, Environment.MachineName);

    /// <summary><see cref="Device"/>, checked.</summary>
    public DeviceName DeviceName => DeviceName.TryParse(Device, out var device)
        ? device
        : throw Wrong("device", Device, DeviceName.Expected);

    /// <summary><see cref="Address"/>, checked.</summary>
    public IPAddress IPAddress => IPAddress.TryParse(Address, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        ? address
        : throw Wrong("address", Address, "the IP address that other silos and clients reach this one at, or auto");

    /// <summary>Whether others than this machine's own programs can reach the silo.</summary>
    public bool IsExposed => !IPAddress.IsLoopback(IPAddress);

    /// <summary><see cref="LogLevel"/>, checked.</summary>
    public LogEventLevel MinimumLevel => Enum.TryParse<LogEventLevel>(LogLevel, ignoreCase: true, out var level) && Enum.IsDefined(level)
        ? level
        : throw Wrong("log-level", LogLevel, "verbose, debug, information, warning, error or fatal");

    /// <summary><see cref="LogFormat"/>, checked.</summary>
    public bool LogsJson => Choice("log-format", LogFormat, "text", "json");

    /// <summary><see cref="Telemetry"/>, checked.</summary>
    public bool ExportsToConsole => Choice("telemetry", Telemetry, "none", "console");

    /// <summary><see cref="Device"/> as this machine has it: never auto. Loads libtorch only where that takes a CUDA device.</summary>
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

    /// <summary>How many trainers the silo takes.</summary>
    public int ActualSlots => Slots ?? (ActualDevice == DeviceName.Cpu ? Environment.ProcessorCount
        : DeviceName == DeviceName.Auto ? DeviceSelector.ThisMachine(DeviceName).CudaDevices : 1);

    /// <summary>
    /// A name that no other silo of a cluster is likely to have. The only program of a container is process 1 in every one of them.
    /// </summary>
    internal static string NameOf(int process, string machine) => $"silo-{(process == 1 ? machine : process)}";

    /// <summary>Reads everything from the sources of a configuration, and checks it.</summary>
    /// <param name="sources">From <see cref="ClusteringSettings.Sources"/>.</param>
    /// <param name="dataRoots">Where there are any, all that data may lie in, whatever the sources allow.</param>
    /// <exception cref="SiloStartException">A value is wrong; says which, and what was expected.</exception>
    public static SiloSettings Read(IConfiguration sources, IReadOnlyList<string> dataRoots)
    {
        var settings = Bind(sources);
        if (dataRoots.Count > 0)
            settings.DataRoots = dataRoots;
        settings.Validate();
        try
        {
            var clustering = ClusteringSettings.Read(sources, Path.Combine(SqliteMembership.DirectoryIn(settings.Runs), "membership.db"));
            if (settings.Membership is { } file && clustering.Provider == ClusteringProvider.Sqlite)
                clustering = clustering with { Connection = Path.GetFullPath(file) };
            settings.Clustering = clustering with { ClusterId = settings.ClusterId ?? clustering.ClusterId };
        }
        catch (ClusterSettingsException exception)
        {
            throw new SiloStartException(exception.Message, SiloExitCode.WrongConfiguration, exception);
        }

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
            // The binder names the key, its cause the value: both are needed to mend it.
            string cause = exception.InnerException is { } inner ? $" {inner.Message}" : "";
            throw new SiloStartException(exception.Message + cause, SiloExitCode.WrongConfiguration, exception);
        }
    }

    private void Validate()
    {
        // Once: the silo must not listen on one address and tell of another.
        if (string.Equals(Address, OwnAddress.Auto, StringComparison.OrdinalIgnoreCase))
            Address = OwnAddress.Find().ToString();
        _ = (DeviceName, IPAddress, MinimumLevel, LogsJson, ExportsToConsole);
        if (ClusterId is not null && string.IsNullOrWhiteSpace(ClusterId))
            throw Wrong("cluster-id", ClusterId, "a name");
        if (Slots is < 0 or > MaxSlots)
            throw Wrong("slots", Slots, $"0 to {MaxSlots}");
        DataRoots = [.. DataRoots.Select(Path.GetFullPath)];
        foreach (string root in DataRoots)
        {
            if (!Directory.Exists(root))
                throw Wrong("data-root", root, "a directory that exists");
        }

        if (string.IsNullOrWhiteSpace(Runs))
            throw Wrong("runs", Runs, "a directory");
        if (SiloPort is < 0 or > IPEndPoint.MaxPort)
            throw Wrong("silo-port", SiloPort, "0 to 65535");
        if (GatewayPort is < 0 or > IPEndPoint.MaxPort)
            throw Wrong("gateway-port", GatewayPort, "0 to 65535");
        if (SiloPort != 0 && SiloPort == GatewayPort)
            throw Wrong("gateway-port", GatewayPort, "another port than silo-port");
        Web.Validate();
    }

    /// <summary>Whether the second of two words was chosen.</summary>
    private static bool Choice(string option, string found, string first, string second)
    {
        bool isSecond = string.Equals(found, second, StringComparison.OrdinalIgnoreCase);
        return isSecond || string.Equals(found, first, StringComparison.OrdinalIgnoreCase) ? isSecond : throw Wrong(option, found, $"{first} or {second}");
    }

    private static SiloStartException Wrong(string option, object found, string expected) =>
        new($"{option}: found '{found}', expected {expected}", SiloExitCode.WrongConfiguration);
}
