using System.Net;
using Orleans.Tbptt.Membership;
using Orleans.Tbptt.Specs;
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

    /// <summary>The run store, shared by all silos of a cluster. Default <c>./runs</c>.</summary>
    public string Runs { get; set; } = "./runs";

    /// <summary>The device for runs that leave the choice to the silo: auto, cpu or cuda:N. Default auto.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>The cluster to be part of. Default <c>tbptt</c>.</summary>
    public string ClusterId { get; set; } = "tbptt";

    /// <summary>The SQLite file of the membership. Default <c>.cluster/membership.db</c> in the run store.</summary>
    public string? Membership { get; set; }

    /// <summary>The IP address that others reach this silo at. Default 127.0.0.1.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port for silos; 0, the default, for any free one.</summary>
    public int SiloPort { get; set; }

    /// <summary>The port for clients; 0, the default, for any free one.</summary>
    public int GatewayPort { get; set; }

    /// <summary>The silo's name; made from the process id when left out.</summary>
    public string? Name { get; set; }

    /// <summary>A file that the log is appended to; none when left out.</summary>
    public string? LogFile { get; set; }

    /// <summary>The least level that is logged: verbose, debug, information, warning, error or fatal. Default information.</summary>
    public string LogLevel { get; set; } = "information";

    /// <summary>The membership file that is in use.</summary>
    public string MembershipFile => Path.GetFullPath(Membership ?? Path.Combine(SqliteMembership.DirectoryIn(Runs), "membership.db"));

    /// <summary>The name that is in use.</summary>
    public string EffectiveName => Name ?? $"silo-{Environment.ProcessId}";

    /// <summary><see cref="Device"/>, checked.</summary>
    public DeviceName DeviceName => DeviceName.TryParse(Device, out var device)
        ? device
        : throw Wrong("device", Device, DeviceName.Expected);

    /// <summary><see cref="Address"/>, checked.</summary>
    public IPAddress IPAddress => IPAddress.TryParse(Address, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        ? address
        : throw Wrong("address", Address, "the IP address that other silos and clients reach this one at");

    /// <summary>Whether others than this machine's own programs can reach the silo.</summary>
    public bool IsExposed => !IPAddress.IsLoopback(IPAddress);

    /// <summary><see cref="LogLevel"/>, checked.</summary>
    public LogEventLevel MinimumLevel => Enum.TryParse<LogEventLevel>(LogLevel, ignoreCase: true, out var level) && Enum.IsDefined(level)
        ? level
        : throw Wrong("log-level", LogLevel, "verbose, debug, information, warning, error or fatal");

    /// <summary>Checks every value.</summary>
    /// <exception cref="SiloStartException">A value is wrong; says which, and what was expected.</exception>
    public void Validate()
    {
        _ = (DeviceName, IPAddress, MinimumLevel);
        if (string.IsNullOrWhiteSpace(ClusterId))
            throw Wrong("cluster-id", ClusterId, "a name");
        if (string.IsNullOrWhiteSpace(Runs))
            throw Wrong("runs", Runs, "a directory");
        if (SiloPort is < 0 or > IPEndPoint.MaxPort)
            throw Wrong("silo-port", SiloPort, "0 to 65535");
        if (GatewayPort is < 0 or > IPEndPoint.MaxPort)
            throw Wrong("gateway-port", GatewayPort, "0 to 65535");
        if (SiloPort != 0 && SiloPort == GatewayPort)
            throw Wrong("gateway-port", GatewayPort, "another port than silo-port");
    }

    private static SiloStartException Wrong(string option, object found, string expected) =>
        new($"{option}: found '{found}', expected {expected}", SiloExitCode.WrongConfiguration);
}
