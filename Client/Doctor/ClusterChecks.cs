using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Doctor;

/// <summary>A cluster: whether it answers, its silos' versions, ports and clocks.</summary>
internal static class ClusterChecks
{
    private static readonly TimeSpan Connect = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);

    /// <summary>All findings. A cluster that stops answering is one of them: what was found before stays.</summary>
    public static async Task<IReadOnlyList<Finding>> AllAsync(ConsoleContext context, ClusterSelection selection)
    {
        var findings = new List<Finding>();
        try
        {
            if (!selection.IsNamed
                && !await context.Connector.HasSilosAsync(ClusterAddress.StandingOf(selection.Runs), CancellationToken.None))
                return [Finding.Ok("membership", "no standing silos in this run store: train starts silos of its own")];
            await using var cluster = await context.Clusters.OpenAsync(selection, CancellationToken.None);
            var report = cluster.Report;
            findings.Add(Finding.Ok("membership", $"{cluster.Name}, {Text.Plural(report.Silos.Count, "living silo")}"));
            findings.AddRange(report.Silos.Where(silo => silo.Draining).Select(silo => Finding.Warning(
                "membership", $"{silo.Name} is draining", "silos that stay", "wait for its end; it takes no new trainers")));
            findings.AddRange([Slots(report), Versions(report), await PortsAsync(context, report)]);
            // A second report takes one call's time: the first one waited for the connection, too.
            var began = context.Time.GetUtcNow();
            report = await cluster.Runs.DescribeAsync().WaitAsync(context.Limits.VersionCheck, context.Time);
            findings.Add(Clocks(report, began, context.Time.GetUtcNow()));
        }
        catch (OtherVersionException exception)
        {
            findings.Add(Finding.Problem("versions", exception.Message, "the same everywhere", "install one version on all machines"));
        }
        catch (ClientException exception)
        {
            findings.Add(Finding.Problem("membership", exception.Message, "a cluster that answers",
                "compare --cluster and --cluster-id with the options of its silos, and look at their logs"));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or IOException or SocketException)
        {
            findings.Add(Finding.Problem("membership",
                findings.Count == 0 ? exception.Message : $"silos that stopped answering after the connection ({exception.Message})",
                "a cluster that answers each call", "look at the logs of its silos, and whether one of them is overloaded or suspended"));
        }

        return findings;
    }

    private static Finding Slots(ClusterReport report)
    {
        int free = report.Silos.Sum(silo => silo.FreeSlots), all = report.Silos.Sum(silo => silo.Slots);
        string found = $"{free} of {Text.Plural(all, "slot")} free";
        return all > 0 ? Finding.Ok("slots", found) : Finding.Problem("slots", found, "at least 1", "start a silo without --slots 0");
    }

    private static Finding Versions(ClusterReport report)
    {
        string[] versions = [.. report.Silos.Select(silo => silo.Version).Distinct().Order(StringComparer.Ordinal)];
        string found = $"{string.Join(", ", versions)}; this console: {ProtocolVersion.Product}";
        return versions is [var only] && only == ProtocolVersion.Product ? Finding.Ok("versions", found)
            : Finding.Warning("versions", found, "the same everywhere", "install one version on all machines");
    }

    /// <summary>How far the silos' clocks are from this machine's, as exactly as the duration of the call allows.</summary>
    internal static Finding Clocks(ClusterReport report, DateTimeOffset began, DateTimeOffset ended)
    {
        var skews = report.Silos.Where(silo => silo.Clock != default).Select(silo => (silo.Name, Skew: Skew(silo.Clock, began, ended)))
            .ToArray();
        if (skews.Length == 0)
            return Finding.Unknown("clocks", "these silos do not report their clocks");
        var (name, most) = skews.MaxBy(one => one.Skew.Duration());
        string found = string.Create(CultureInfo.InvariantCulture,
            $"{name} {Math.Abs(most.TotalSeconds):0.0} s {(most < TimeSpan.Zero ? "behind" : "ahead of")} this machine");
        return most.Duration() <= MostSkew ? Finding.Ok("clocks", most.Duration() < TimeSpan.FromSeconds(0.05) ? "equal" : found)
            : Finding.Warning("clocks", found, $"at most {MostSkew.TotalSeconds} s",
                "synchronize the clocks: chronyd or systemd-timesyncd; times in the runs' records are each silo's own");
    }

    private static TimeSpan Skew(DateTimeOffset clock, DateTimeOffset began, DateTimeOffset ended) =>
        clock < began ? clock - began : clock > ended ? clock - ended : TimeSpan.Zero;

    /// <summary>Whether this machine can connect to the silos' own ports, as another silo on it would. The gateways' ports are those by
    /// which the console has connected already.</summary>
    private static async Task<Finding> PortsAsync(ConsoleContext context, ClusterReport report)
    {
        if (report.Silos.Count == 0)
            return Finding.Unknown("ports", "there is no silo to connect to");
        var tries = await Task.WhenAll(report.Silos.Select(async silo => (silo, Problem: await TryConnectAsync(context, silo.Address))));
        var closed = tries.Where(one => one.Problem is not null).ToArray();
        return closed.Length == 0
            ? Finding.Ok("ports", $"silo {(tries.Length == 1 ? "port" : "ports")} open from here: "
                + string.Join(", ", tries.Select(one => EndOf(one.silo.Address))))
            : Finding.Warning("ports",
                string.Join(", ", closed.Select(one => $"{one.silo.Name}, silo port {EndOf(one.silo.Address)}: {one.Problem}")),
                "open ports between all machines", "open the silos' ports in the firewall, and name reachable addresses by --address");
    }

    /// <summary>Host and port of S10.0.0.5:11111:130245 or 10.0.0.5:11111@130245.</summary>
    private static string EndOf(string address) => address.TrimStart('S').Split('@')[0] is var text && text.Count(c => c == ':') == 2
        ? text[..text.LastIndexOf(':')] : text;

    /// <summary>What keeps this machine from connecting to a silo; null for nothing.</summary>
    private static async Task<string?> TryConnectAsync(ConsoleContext context, string address)
    {
        if (!IPEndPoint.TryParse(EndOf(address), out var end))
            return "not an address";
        try
        {
            using var client = new TcpClient(end.AddressFamily);
            await client.ConnectAsync(end).WaitAsync(Connect, context.Time);
            return null;
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            return exception is TimeoutException ? $"no answer within {Connect.TotalSeconds} s" : exception.Message;
        }
    }
}
