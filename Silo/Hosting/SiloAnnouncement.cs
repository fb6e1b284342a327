using System.Net;
using System.Reflection;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Silo.Configuration;
using Serilog;

namespace Orleans.Tbptt.Silo.Hosting;

/// <summary>The description that a silo prints after it has joined its cluster.</summary>
/// <param name="start">The silo's settings.</param>
/// <param name="details">The silo's addresses.</param>
/// <param name="page">Its web page; null where it serves none.</param>
internal sealed class SiloAnnouncement(SiloStart start, ILocalSiloDetails details, Uri? page)
{
    private const string ExposedWarning =
        "the address is not loopback and connections are not secured: anyone who reaches these ports can call any grain "
        + "and read any file below the data roots; set Tbptt:Tls, or keep the ports inside a network that you trust";

    /// <summary>This program's version.</summary>
    public static string Version { get; } =
        typeof(SiloAnnouncement).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private bool NeedsWarning => start.Settings.IsExposed && !start.Settings.Clustering.Tls.IsOn;

    /// <summary>Writes the description as text, or as the ready line for the console that started this silo, and logs it.</summary>
    public void Write(TextWriter output)
    {
        var lines = Lines();
        if (start.Mode == SiloMode.Standing)
        {
            foreach (var (name, value) in lines)
                output.WriteLine($"{name,-11} {value}");
            if (NeedsWarning)
                output.WriteLine($"{"warning",-11} {ExposedWarning}");
        }
        else
        {
            output.WriteLine(new ReadyLine
            {
                Ready = true, Silo = Silo.ToString(), Gateway = Gateway.ToString(), Page = page?.ToString(), Pid = Environment.ProcessId,
            });
            if (NeedsWarning)
                Log.Warning("{Warning}", ExposedWarning);
        }

        output.Flush();
        Log.Information("{Silo}", string.Join(", ", lines.Select(line => $"{line.Name} {line.Value}")));
    }

    private IPEndPoint Silo => details.SiloAddress.Endpoint;

    private IPEndPoint Gateway => details.GatewayAddress.Endpoint;

    private IReadOnlyList<(string Name, string Value)> Lines()
    {
        var settings = start.Settings;
        return
        [
            ("silo", $"{settings.EffectiveName} at {Silo}, clients at {Gateway}"),
            ("version", Version),
            ("membership", $"{settings.Clustering.Description}, cluster {settings.Clustering.ClusterId}"),
            ("device", $"{settings.ActualDevice}"),
            ("slots", settings.ActualSlots == 0 ? "0: coordinators only" : $"{settings.ActualSlots}"),
            ("runs", Path.GetFullPath(settings.Runs)),
            ("data", settings.DataRoots.Count > 0 ? string.Join(", ", settings.DataRoots) : "anywhere"),
            ("page", page is null ? "off" : settings.Web.Token is null ? $"{page}" : $"{page} with a token"),
            ("tls", settings.Clustering.Tls.IsOn ? $"on, {settings.Clustering.Tls.Certificate}" : "off"),
        ];
    }
}
