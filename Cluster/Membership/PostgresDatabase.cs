using System.Data.Common;
using Npgsql;

namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>How silos and clients connect to PostgreSQL.</summary>
public static class PostgresDatabase
{
    /// <summary>The name under which Orleans knows PostgreSQL.</summary>
    public const string Invariant = "Npgsql";

    /// <summary>In seconds, where the connection string says nothing else: whoever asks can ask again, and a step must not hang.</summary>
    private const string Defaults = "Timeout=2;Command Timeout=2;Keepalive=5;Application Name=tbptt";

    /// <summary>What Orleans, silo and client, connects with.</summary>
    public static string ConnectionString(string connection) => new NpgsqlConnectionStringBuilder($"{Defaults};{connection}").ConnectionString;

    /// <summary>Makes PostgreSQL known to Orleans. Has to be called before a silo or client is built; more than once does no harm.</summary>
    public static void Register() => DbProviderFactories.RegisterFactory(Invariant, NpgsqlFactory.Instance);

    /// <summary>The connection string, if it is one.</summary>
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
            // A password may be in it: neither it nor the parser's message is shown.
            throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: not a connection string of PostgreSQL, {Expected}");
        }

        throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: names no PostgreSQL server, {Expected}");
    }

    /// <summary>Server and database, for people.</summary>
    public static string Describe(string connection)
    {
        var parts = new NpgsqlConnectionStringBuilder(ConnectionString(connection));
        return $"{parts.Host}:{parts.Port}/{parts.Database ?? parts.Username}";
    }
}
