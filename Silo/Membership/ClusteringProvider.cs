namespace Orleans.Tbptt.Membership;

/// <summary>Where a cluster keeps its membership and its grain directory. The names are those of <c>Orleans:Clustering:ProviderType</c>.</summary>
internal enum ClusteringProvider
{
    /// <summary>A file that the silos of one machine share. The default.</summary>
    Sqlite,

    /// <summary>A Redis server.</summary>
    Redis,

    /// <summary>A PostgreSQL database.</summary>
    PostgreSql,
}

/// <summary>A setting is wrong: one line that names the key, what was found, what was expected.</summary>
internal sealed class ClusterSettingsException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The membership store cannot be reached or written.</summary>
internal sealed class MembershipStoreException(string message, Exception? inner) : Exception(message, inner);
