namespace Orleans.Tbptt.Cluster;

/// <summary>A setting is wrong: one line that names the key, what was found, what was expected.</summary>
public sealed class ClusterSettingsException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The membership store cannot be reached or written.</summary>
public sealed class MembershipStoreException(string message, Exception? inner) : Exception(message, inner);
