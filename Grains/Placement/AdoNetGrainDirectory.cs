using System.Data.Common;
using Orleans.GrainDirectory;

namespace Orleans.Tbptt.Grains.Placement;

/// <summary>Where each run's grains live, in a table of the database that also holds the cluster's membership.</summary>
/// <remarks>
/// Orleans' own directory is spread over the silos' memories: with a silo goes its part of the directory, and Orleans then deactivates the
/// grains registered there, wherever they live and however well they are. One silo's death would end coordinators on others. Here only the
/// grains that lived on it are lost. The SQL is what SQLite and PostgreSQL have in common.
/// </remarks>
/// <param name="provider">The database's provider.</param>
/// <param name="connectionString">The database.</param>
/// <param name="clusterId">The cluster; several may share a database.</param>
/// <param name="prepared">Whether the table exists; else it is created when it is first used.</param>
public sealed class AdoNetGrainDirectory(DbProviderFactory provider, string connectionString, string clusterId,
    bool prepared = false) : IGrainDirectory
{
    /// <summary>The name under which grains ask for this directory.</summary>
    public const string Name = "tbptt";

    private const string Table = """
        CREATE TABLE IF NOT EXISTS TbpttGrainDirectory (
            ClusterId VARCHAR(150) NOT NULL, GrainId VARCHAR(768) NOT NULL, SiloAddress VARCHAR(100) NOT NULL, ActivationId VARCHAR(100) NOT NULL,
            PRIMARY KEY (ClusterId, GrainId))
        """;

    private const string Insert = """
        INSERT INTO TbpttGrainDirectory (ClusterId, GrainId, SiloAddress, ActivationId) VALUES (@cluster, @grain, @silo, @activation)
        ON CONFLICT (ClusterId, GrainId) DO UPDATE SET SiloAddress = @silo, ActivationId = @activation
        WHERE TbpttGrainDirectory.ActivationId = @previous
        """;

    private const string Select =
        "SELECT SiloAddress, ActivationId FROM TbpttGrainDirectory WHERE ClusterId = @cluster AND GrainId = @grain";
    private const string Delete =
        "DELETE FROM TbpttGrainDirectory WHERE ClusterId = @cluster AND GrainId = @grain AND ActivationId = @activation";
    private const string DeleteSilo = "DELETE FROM TbpttGrainDirectory WHERE ClusterId = @cluster AND SiloAddress = @silo";

    /// <summary>A database that does not answer makes a call fail: the caller can try again, and a step must not hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private Task? _table = prepared ? Task.CompletedTask : null;

    /// <inheritdoc/>
    public Task<GrainAddress?> Register(GrainAddress address) => Register(address, null);

    /// <inheritdoc/>
    public async Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress)
    {
        // One statement, so that of two silos one wins; the entry that stands afterwards is the answer to both.
        await Execute(
            Insert, ("grain", address.GrainId.ToString()), ("silo", address.SiloAddress!.ToParsableString()),
            ("activation", address.ActivationId.ToParsableString()), ("previous", previousAddress?.ActivationId.ToParsableString() ?? ""));
        return await Lookup(address.GrainId);
    }

    /// <inheritdoc/>
    public async Task<GrainAddress?> Lookup(GrainId grainId)
    {
        await Prepare();
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var connection = await Open(provider, connectionString, patience.Token);
        await using var command = Command(connection, Select, [("cluster", clusterId), ("grain", grainId.ToString())]);
        await using var reader = await command.ExecuteReaderAsync(patience.Token);
        return await reader.ReadAsync(patience.Token)
            ? new() { GrainId = grainId, SiloAddress = SiloAddress.FromParsableString(reader.GetString(0)),
                ActivationId = ActivationId.FromParsableString(reader.GetString(1)) }
            : null;
    }

    /// <inheritdoc/>
    public Task Unregister(GrainAddress address) =>
        Execute(Delete, ("grain", address.GrainId.ToString()), ("activation", address.ActivationId.ToParsableString()));

    /// <inheritdoc/>
    public async Task UnregisterSilos(List<SiloAddress> siloAddresses)
    {
        foreach (var silo in siloAddresses)
            await Execute(DeleteSilo, ("silo", silo.ToParsableString()));
    }

    /// <summary>Creates the table where it is missing; a try that failed is made again by the next call.</summary>
    private Task Prepare() =>
        _table is { IsFaulted: false, IsCanceled: false } ready ? ready : _table = Execute(provider, connectionString, Table);

    private async Task Execute(string text, params (string Name, string Value)[] parameters)
    {
        await Prepare();
        await Execute(provider, connectionString, text, [("cluster", clusterId), .. parameters]);
    }

    private static async Task Execute(DbProviderFactory provider, string connectionString, string text,
        params (string Name, string Value)[] parameters)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var connection = await Open(provider, connectionString, patience.Token);
        await using var command = Command(connection, text, parameters);
        await command.ExecuteNonQueryAsync(patience.Token);
    }

    private static async Task<DbConnection> Open(DbProviderFactory provider, string connectionString, CancellationToken cancellation)
    {
        var connection = provider.CreateConnection()!;
        connection.ConnectionString = connectionString;
        await connection.OpenAsync(cancellation);
        return connection;
    }

    private static DbCommand Command(DbConnection connection, string text, (string Name, string Value)[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is one of the constants above; values are parameters.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@" + name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
