namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>
/// Where a cluster keeps its membership and its grain directory. The names are those of <c>Orleans:Clustering:ProviderType</c>.
/// </summary>
public enum ClusteringProvider
{
    /// <summary>A file that the silos of one machine share. The default.</summary>
    Sqlite,

    /// <summary>A Redis server.</summary>
    Redis,

    /// <summary>A PostgreSQL database.</summary>
    PostgreSql,
}
