using Microsoft.Data.Sqlite;
using Orleans.GrainDirectory;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Grains.Placement;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>A file that the silos of one machine share.</summary>
internal sealed class SqliteStore : SiloStore
{
    private readonly string _file;

    private SqliteStore(ClusteringSettings settings)
    {
        _file = settings.Connection;
        Directory = new AdoNetGrainDirectory(SqliteFactory.Instance, SqliteMembership.DirectoryConnectionString(_file), settings.ClusterId);
    }

    /// <inheritdoc/>
    public override IGrainDirectory Directory { get; }

    /// <summary>Creates the file and its tables where they are missing.</summary>
    /// <exception cref="MembershipStoreException">The file cannot be used.</exception>
    public static SqliteStore Open(ClusteringSettings settings)
    {
        SqliteMembership.Prepare(settings.Connection);
        return new(settings);
    }

    /// <inheritdoc/>
    public override void AddTo(ISiloBuilder silo)
    {
        SqliteMembership.Register();
        silo.UseAdoNetClustering(store =>
            (store.Invariant, store.ConnectionString) = (SqliteMembership.Invariant, SqliteMembership.ConnectionString(_file)));
    }

    /// <inheritdoc/>
    public override void DeleteIfDeserted()
    {
        if (File.Exists(_file))
            SqliteMembership.DeleteIfDeserted(_file);
    }

    /// <inheritdoc/>
    public override void DeleteIfLast() => LocalClusterLife.DeleteIfLast(_file);
}
