using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Cluster.Security;

namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>A cluster's ID, membership store and TLS settings.</summary>
/// <remarks>
/// Silo and client find the same cluster by the same settings: the command line, then environment variables
/// (<c>Orleans__Clustering__ProviderType</c>), then <c>appsettings.json</c> of the working directory, in this order of precedence.
/// </remarks>
public sealed record ClusteringSettings
{
    /// <summary>Sqlite, Redis or PostgreSql.</summary>
    public const string ProviderKey = "Orleans:Clustering:ProviderType";

    /// <summary>SQLite: a file. Redis: <c>host:port[,option=value]</c>. PostgreSQL: Npgsql's <c>Host=…;Database=…;Username=…</c>.</summary>
    public const string ConnectionKey = "Orleans:Clustering:ConnectionString";

    /// <summary>The cluster ID.</summary>
    public const string ClusterIdKey = "Orleans:ClusterId";

    /// <summary>The default cluster ID.</summary>
    public const string DefaultClusterId = "tbptt";

    /// <summary>The Orleans service ID, the same for every cluster.</summary>
    public const string ServiceId = "tbptt";

    /// <summary>The kind of membership store. Default <see cref="ClusteringProvider.Sqlite"/>.</summary>
    public ClusteringProvider Provider { get; init; }

    /// <summary>The database's or server's connection string; of SQLite the file's full path.</summary>
    public required string Connection { get; init; }

    /// <summary>The cluster; several may share a store. Default <c>tbptt</c>.</summary>
    public string ClusterId { get; init; } = DefaultClusterId;

    /// <summary>The certificates of connections; without them connections are plain. Default none.</summary>
    public TlsSettings Tls { get; init; } = TlsSettings.None;

    /// <summary>Provider and location for messages; never contains a password.</summary>
    public string Description => Provider switch
    {
        ClusteringProvider.Redis => $"Redis {RedisServers.Describe(Connection)}",
        ClusteringProvider.PostgreSql => $"PostgreSQL {PostgresDatabase.Describe(Connection)}",
        _ => $"SQLite {Connection}",
    };

    /// <summary>A cluster whose membership is a SQLite file.</summary>
    public static ClusteringSettings OfFile(string file, string clusterId) =>
        new() { Connection = Path.GetFullPath(file), ClusterId = clusterId };

    /// <summary>All setting sources of a program, with its command line taking precedence.</summary>
    /// <exception cref="ClusterSettingsException"><c>appsettings.json</c> cannot be read.</exception>
    public static IConfigurationRoot Sources(IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        try
        {
            var sources = new ConfigurationBuilder();
            string file = Path.GetFullPath("appsettings.json");
            // Rare, and a reader of files costs every start some milliseconds.
            if (File.Exists(file))
                sources.AddJsonFile(file, optional: true);
            return sources.AddEnvironmentVariables().AddInMemoryCollection(commandLine).Build();
        }
        catch (InvalidDataException exception)
        {
            throw new ClusterSettingsException($"{exception.Message} {exception.InnerException?.Message}".TrimEnd(), exception);
        }
    }

    /// <summary>Reads and checks the settings without connecting to anything.</summary>
    /// <param name="configuration">From <see cref="Sources"/>.</param>
    /// <param name="defaultFile">SQLite's file where no connection string is given.</param>
    /// <exception cref="ClusterSettingsException">A value is wrong.</exception>
    public static ClusteringSettings Read(IConfiguration configuration, string defaultFile)
    {
        string? named = configuration[ProviderKey], connection = configuration[ConnectionKey];
        var provider = ClusteringProvider.Sqlite;
        if (!string.IsNullOrEmpty(named)
            && !(Enum.TryParse(named, ignoreCase: true, out provider) && Enum.IsDefined(provider) && !char.IsDigit(named[0])))
            throw new ClusterSettingsException($"{ProviderKey}: found '{named}', expected Sqlite, Redis or PostgreSql");
        var clusterId = configuration[ClusterIdKey] ?? DefaultClusterId;
        if (string.IsNullOrWhiteSpace(clusterId))
            throw new ClusterSettingsException($"{ClusterIdKey}: found '{clusterId}', expected a name");
        return new()
        {
            Provider = provider,
            ClusterId = clusterId,
            Tls = TlsSettings.Read(configuration),
            Connection = provider switch
            {
                ClusteringProvider.Redis => RedisServers.Check(connection),
                ClusteringProvider.PostgreSql => PostgresDatabase.Check(connection),
                _ => Path.GetFullPath(string.IsNullOrEmpty(connection) ? defaultFile : SqliteFile(connection)),
            },
        };
    }

    private static string SqliteFile(string connection)
    {
        if (!connection.Contains("Data Source=", StringComparison.OrdinalIgnoreCase))
            return connection;
        try
        {
            if (new SqliteConnectionStringBuilder(connection).DataSource is { Length: > 0 } file)
                return file;
        }
        catch (ArgumentException)
        {
            // Reported below.
        }

        throw new ClusterSettingsException($"{ConnectionKey}: found '{connection}', expected a file or 'Data Source=FILE'");
    }
}
