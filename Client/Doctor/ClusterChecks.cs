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

    /// <summary>All findings.</summary>
    public static async Task<IReadOnlyList<Finding>> AllAsync(ConsoleContext context, ClusterSelection selection)
    {
        try
        {
            var began = context.Time.GetUtcNow();
            await using var cluster = await context.Clusters.OpenAsync(selection, CancellationToken.None);
            // A second report takes one call's time: the first one waited for the connection, too.
            began = context.Time.GetUtcNow();
            var report = await cluster.Runs.DescribeAsync().WaitAsync(context.Limits.VersionCheck, context.Time);
            var ended = context.Time.GetUtcNow();
            return
            [
                Finding.Ok("membership", $"{cluster.Name}, {Text.Plural(report.Silos.Count, "living silo")}"),
                .. report.Silos.Where(silo => silo.Draining).Select(silo => Finding.Warning(
                    "membership", $"{silo.Name} is draining", "silos that stay", "wait for its end; it takes no new trainers")),
                Slots(report), Versions(report), Clocks(report, began, ended), await PortsAsync(context, report),
            ];
        }
        catch (ClientException exception)
        {
            return
            [
                Finding.Problem("membership", exception.Message, "a cluster that answers",
                    "compare --cluster and --cluster-id with the options of its silos, and look at their logs"),
            ];
        }
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
            return Finding.Ok("clocks", "not reported by these silos");
        var (name, most) = skews.MaxBy(one => one.Skew.Duration());
        string found = string.Create(CultureInfo.InvariantCulture,
            $"{name} {Math.Abs(most.TotalSeconds):0.0} s {(most < TimeSpan.Zero ? "behind" : "ahead of")} this machine");
        return most.Duration() <= MostSkew ? Finding.Ok("clocks", most.Duration() < TimeSpan.FromSeconds(0.05) ? "equal" : found)
            : Finding.Warning("clocks", found, $"at most {MostSkew.TotalSeconds} s",
                "synchronize the clocks: chronyd or systemd-timesyncd; times in the runs' records are each silo's own");
    }

    private static TimeSpan Skew(DateTimeOffset clock, DateTimeOffset began, DateTimeOffset ended) =>
        clock < began ? clock - began : clock > ended ? clock - ended : TimeSpan.Zero;

    private static async Task<Finding> PortsAsync(ConsoleContext context, ClusterReport report)
    {
        var tries = await Task.WhenAll(report.Silos.Select(async silo => (silo, Problem: await TryConnectAsync(context, silo.Address))));
        var closed = tries.Where(one => one.Problem is not null).ToArray();
        return closed.Length == 0 ? Finding.Ok("ports", $"all {Text.Plural(tries.Length, "silo")} accept connections from here")
            : Finding.Warning("ports", string.Join(", ", closed.Select(one => $"{one.silo.Name} at {one.silo.Address}: {one.Problem}")),
                "open ports between all machines", "open the silos' ports in the firewall, and name reachable addresses by --address");
    }

    /// <summary>What keeps this machine from connecting to a silo; null for nothing.</summary>
    private static async Task<string?> TryConnectAsync(ConsoleContext context, string address)
    {
        // S10.0.0.5:11111:130245 or 10.0.0.5:11111@130245
        if (!IPEndPoint.TryParse(address.TrimStart('S').Split('@')[0] is var text && text.Count(c => c == ':') == 2
            ? text[..text.LastIndexOf(':')] : text, out var end))
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
