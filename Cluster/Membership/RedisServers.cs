using StackExchange.Redis;

namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>How silos and clients connect to Redis.</summary>
public static class RedisServers
{
    /// <summary>
    /// Defaults for the connection string: a command fails instead of waiting, because callers can retry and a step must not
    /// hang; a restarted server is found within a second.
    /// </summary>
    private const string Defaults = "abortConnect=false,connectTimeout=2000,connectRetry=1,asyncTimeout=1500,syncTimeout=1500,keepAlive=5";

    /// <summary>The options of a connection string that <see cref="Check"/> has passed.</summary>
    public static ConfigurationOptions Options(string connection)
    {
        // Of a repeated option, the last one counts.
        var options = ConfigurationOptions.Parse($"{Defaults},{connection}");
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ReconnectRetryPolicy = new LinearRetry(250);
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
        options.ClientName ??= "tbptt";
        return options;
    }

    /// <summary>Checks a connection string and returns it.</summary>
    /// <exception cref="ClusterSettingsException">It is missing or wrong.</exception>
    public static string Check(string? connection)
    {
        const string Expected = "expected host:port[,option=value], such as redis.example:6379,password=…";
        if (string.IsNullOrWhiteSpace(connection))
            throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: missing for Redis, {Expected}");
        // It may contain a password: neither it nor the parser's message, which quotes it, is shown.
        if (connection.Contains("://", StringComparison.Ordinal))
            throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: found a URL for Redis, {Expected}");
        try
        {
            if (Options(connection).EndPoints.Count > 0)
                return connection;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException)
        {
            throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: not a connection string of Redis, {Expected}");
        }

        throw new ClusterSettingsException($"{ClusteringSettings.ConnectionKey}: names no Redis server, {Expected}");
    }

    /// <summary>The servers, for messages.</summary>
    public static string Describe(string connection)
    {
        var options = Options(connection);
        options.SetDefaultPorts();
        return string.Join(", ", options.EndPoints.Select(EndPointCollection.ToString));
    }
}
