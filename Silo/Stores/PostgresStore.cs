using Npgsql;
using Orleans.GrainDirectory;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Grains.Placement;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>A PostgreSQL database with the tables that <c>init-database</c> creates.</summary>
internal sealed class PostgresStore : SiloStore
{
    private const string Probe =
        "SELECT 1 FROM OrleansQuery, OrleansMembershipTable, OrleansMembershipVersionTable, TbpttGrainDirectory LIMIT 1";

    private readonly string _connection;

    private PostgresStore(string connection, string clusterId)
    {
        _connection = connection;
        Directory = new AdoNetGrainDirectory(NpgsqlFactory.Instance, connection, clusterId, prepared: true);
    }

    /// <inheritdoc/>
    public override IGrainDirectory Directory { get; }

    /// <summary>Checks that the database answers and has the tables.</summary>
    /// <exception cref="MembershipStoreException">It cannot be reached.</exception>
    /// <exception cref="ClusterSettingsException">It refuses this silo, or has no tables.</exception>
    public static async Task<PostgresStore> ConnectAsync(ClusteringSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        await ExecuteAsync(settings, Probe, time, cancellation);
        return new(PostgresDatabase.ConnectionString(settings.Connection), settings.ClusterId);
    }

    /// <summary>Creates the tables and queries where they are missing, in one transaction.</summary>
    /// <exception cref="MembershipStoreException">The database cannot be reached.</exception>
    /// <exception cref="ClusterSettingsException">It refuses this program, or does not let it create tables.</exception>
    public static async Task CreateSchemaAsync(ClusteringSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        using var stream = typeof(PostgresStore).Assembly.GetManifestResourceStream("postgresql.sql")
            ?? throw new InvalidOperationException("postgresql.sql is not embedded");
        using var reader = new StreamReader(stream);
        await ExecuteAsync(settings, await reader.ReadToEndAsync(cancellation), time, cancellation);
    }

    /// <inheritdoc/>
    public override void AddTo(ISiloBuilder silo)
    {
        PostgresDatabase.Register();
        silo.UseAdoNetClustering(store => (store.Invariant, store.ConnectionString) = (PostgresDatabase.Invariant, _connection));
    }

    private static async Task ExecuteAsync(ClusteringSettings settings, string text, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            await TryAsync(Execute, MayPass, time, cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.UndefinedTable)
        {
            throw new ClusterSettingsException(
                $"{settings.Description} has no tables for a cluster ({exception.MessageText}); run 'tbptt-silo init-database' with the " +
                "same settings once", exception);
        }
        catch (PostgresException exception) when (!MayPass(exception))
        {
            throw new ClusterSettingsException($"{settings.Description} refuses: {exception.MessageText}", exception);
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            throw new MembershipStoreException($"cannot reach {settings.Description}: {Innermost(exception)}", exception);
        }

        async Task<int> Execute(CancellationToken token)
        {
            await using var connection = new NpgsqlConnection(PostgresDatabase.ConnectionString(settings.Connection));
            await connection.OpenAsync(token);
            // A command of several statements is one transaction.
#pragma warning disable CA2100 // The text is embedded in this assembly.
            await using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
            return await command.ExecuteNonQueryAsync(token);
        }
    }

    /// <summary>Whether no server answers, or it is starting or has no free connection.</summary>
    private static bool MayPass(Exception exception) =>
        exception is PostgresException answer ? answer.IsTransient || answer.SqlState.StartsWith("57P", StringComparison.Ordinal)
            : exception is NpgsqlException or TimeoutException;

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
            exception = inner;
        return exception.Message.ReplaceLineEndings(" ");
    }
}
