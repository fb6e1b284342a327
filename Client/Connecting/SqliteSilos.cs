using System.Globalization;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>The silos that a SQLite membership file lists.</summary>
internal static class SqliteSilos
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether any silo that is listed as active accepts connections. Silos that were all killed at once stay listed as active.
    /// A frozen silo still accepts connections.
    /// </summary>
    /// <exception cref="ClientException">The file cannot be read.</exception>
    public static async Task<bool> AnyListensAsync(string file, string clusterId, CancellationToken cancellation)
    {
        var answers =
            await Task.WhenAll(Gateways(file, clusterId).Select(gateway => ListensAsync(gateway.Host, gateway.Port, cancellation)));
        return answers.Any(answer => answer);
    }

    private static List<(string Host, int Port)> Gateways(string file, string clusterId)
    {
        if (!File.Exists(file))
            return [];
        // Opened so that the file is not created again when the last silo deletes it at the same time.
        var existing =
            new SqliteConnectionStringBuilder(SqliteMembership.ConnectionString(file)) { Mode = SqliteOpenMode.ReadWrite, Pooling = false };
        try
        {
            using var connection = new SqliteConnection(existing.ConnectionString);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                "SELECT Address, ProxyPort FROM OrleansMembershipTable WHERE DeploymentId = $id AND Status = 3 AND ProxyPort > 0;";
            command.Parameters.AddWithValue("$id", clusterId);
            using var reader = command.ExecuteReader();
            var gateways = new List<(string, int)>();
            while (reader.Read())
                gateways.Add((reader.GetString(0), Convert.ToInt32(reader.GetValue(1), CultureInfo.InvariantCulture)));
            return gateways;
        }
        catch (SqliteException) when (!File.Exists(file))
        {
            return [];
        }
        catch (SqliteException exception)
        {
            throw new ClientException($"cannot read the membership file {file}: {exception.Message}", ExitCode.Unreachable, exception);
        }
    }

    private static async Task<bool> ListensAsync(string host, int port, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTimeout);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(host, port, limit.Token);
            return true;
        }
        catch (Exception exception)
            when (exception is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
