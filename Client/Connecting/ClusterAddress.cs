using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>A cluster, identified by where its silos are listed.</summary>
/// <param name="Provider">The kind of store that lists them.</param>
/// <param name="Connection">SQLite: the file. Redis: <c>host:port[,options]</c>. PostgreSQL: a connection string. May hold a
/// password.</param>
/// <param name="ClusterId">The cluster ID.</param>
internal sealed record ClusterAddress(ClusteringProvider Provider, string Connection, string ClusterId)
{
    /// <summary>The form that <see cref="TryParse"/> accepts, for error messages.</summary>
    public const string Expected = "redis:HOST:PORT[,options], postgresql:CONNECTION STRING or sqlite:FILE";

    /// <summary>The cluster in messages; contains no password.</summary>
    public string DisplayName => Provider == ClusteringProvider.Sqlite ? $"cluster {ClusterId} ({Connection})"
        : $"cluster {ClusterId} ({Provider})";

    /// <summary>The cluster that the console starts for one run.</summary>
    public static ClusterAddress LocalOf(string runs, RunId run) =>
        new(ClusteringProvider.Sqlite, LocalClusterLife.MembershipFileOf(runs, run), run.Text);

    /// <summary>The cluster of the silos that were started for a run store rather than for one run.</summary>
    public static ClusterAddress StandingOf(string runs) =>
        new(ClusteringProvider.Sqlite, SqliteMembership.FileIn(Path.GetFullPath(runs)), ClusteringSettings.DefaultClusterId);

    /// <summary>The clusters that consoles started for single runs of a run store; their silos may be dead.</summary>
    public static IReadOnlyList<ClusterAddress> LocalsOf(string runs)
    {
        string directory = SqliteMembership.DirectoryIn(Path.GetFullPath(runs));
        return Directory.Exists(directory)
            ? [.. Directory.EnumerateFiles(directory, "*.db").Select(Path.GetFileNameWithoutExtension)
                .Select(name => RunId.TryParse(name, out var run)
                    && (Directory.Exists(new RunDirectory(runs, run).Path) || Directory.Exists(new SweepDirectory(runs, run).Path))
                    ? LocalOf(runs, run) : null)
                .OfType<ClusterAddress>()]
            : [];
    }

    /// <summary>Reads the value of <c>--cluster</c>.</summary>
    public static bool TryParse(string text, out ClusteringProvider provider, out string connection)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        connection = colon < 0 ? "" : text[(colon + 1)..];
        ClusteringProvider? known = colon < 0 ? null : text[..colon].ToLowerInvariant() switch
        {
            "sqlite" => ClusteringProvider.Sqlite,
            "redis" => ClusteringProvider.Redis,
            "postgresql" => ClusteringProvider.PostgreSql,
            _ => null,
        };
        provider = known ?? default;
        return known is not null && !string.IsNullOrWhiteSpace(connection);
    }
}
