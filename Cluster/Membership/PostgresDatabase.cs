using System.Data.Common;
using Npgsql;

namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>How silos and clients connect to PostgreSQL.</summary>
public static class PostgresDatabase
{
    /// <summary>The name under which Orleans knows PostgreSQL.</summary>
    public const string Invariant = "Npgsql";

    /// <summary>Defaults for the connection string, in seconds: callers can retry, and a step must not hang.</summary>
    private const string Defaults = "Timeout=2;Command Timeout=2;Keepalive=5;Application Name=tbptt";

    /// <summary>The connection string for Orleans, in silo and client.</summary>
    public static string ConnectionString(string connection) =>
        new NpgsqlConnectionStringBuilder($"{Defaults};{connection}").ConnectionString;

    /// <summary>Makes PostgreSQL known to Orleans. Must be called before a silo or client is built; repeated calls are harmless.</summary>
    public static void Register() => DbProviderFactories.RegisterFactory(Invariant, NpgsqlFactory.Instance);

    /// <summary>Checks a connection string and returns it.</summary>
    /// <exception cref="ClusterSettingsException">It is missing or wrong.</exception>
    public static string Check(string? connection)
    {
        const string Expected = "expected such as Host=db.example;Database=tbptt;Username=tbptt;Password=…";
        if (string.IsNullOrWhiteSpace(connection))
            throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: missing for PostgreSQL, {Expected}");
        try
        {
            if (!string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(ConnectionString(connection)).Host))
                return connection;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException or InvalidCastException)
        {
            // It may contain a password: neither it nor the parser's message is shown.
            throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: not a connection string of PostgreSQL, {Expected}");
        }

        throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: names no PostgreSQL server, {Expected}");
    }

    /// <summary>Server and database, for messages.</summary>
    public static string Describe(string connection)
    {
        var parts = new NpgsqlConnectionStringBuilder(ConnectionString(connection));
        return $"{parts.Host}:{parts.Port}/{parts.Database ?? parts.Username}";
    }
}
