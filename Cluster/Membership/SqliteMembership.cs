using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>
/// The embedded membership: one SQLite file shared by the silos of a machine and their clients. No silo is special; any may die.
/// </summary>
public static class SqliteMembership
{
    /// <summary>The name under which Orleans knows SQLite.</summary>
    public const string Invariant = "System.Data.SQLite";

    /// <summary>How long a statement waits for the silo that holds the write lock, in seconds.</summary>
    private const int BusySeconds = 10;

    /// <summary>The same for the grain directory, which a step may wait for.</summary>
    private const int DirectoryBusySeconds = 2;

    /// <summary>The directory of a run store that holds the membership files of its clusters. No run can have this name.</summary>
    public static string DirectoryIn(string runs) => Path.Combine(runs, ".cluster");

    /// <summary>The membership file of a run store's standing silos, those that were not started for one run.</summary>
    public static string FileIn(string runs) => Path.Combine(DirectoryIn(runs), "membership.db");

    /// <summary>The connection string for Orleans, in silo and client.</summary>
    public static string ConnectionString(string file) => ConnectionString(file, BusySeconds);

    /// <summary>The connection string for the grain directory.</summary>
    public static string DirectoryConnectionString(string file) => ConnectionString(file, DirectoryBusySeconds);

    /// <summary>Makes SQLite known to Orleans. Must be called before a silo or client is built; repeated calls are harmless.</summary>
    public static void Register() => DbProviderFactories.RegisterFactory(Invariant, SqliteFactory.Instance);

    /// <summary>Creates the file and its tables where they are missing. Safe when several processes do so at once.</summary>
    /// <exception cref="MembershipStoreException">The file cannot be created, opened or written.</exception>
    public static void Prepare(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            using var connection = new SqliteConnection(ConnectionString(file, BusySeconds, SqliteOpenMode.ReadWriteCreate));
            connection.Open();
            // Lets readers continue while a silo writes; a property of the file that cannot be set inside a transaction.
            Execute(connection, "PRAGMA journal_mode = WAL;", null);
            using var transaction = connection.BeginTransaction(deferred: false);
            Execute(connection, Schema(), transaction);
            transaction.Commit();
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new MembershipStoreException($"cannot use the membership file {file}: {exception.Message}", exception);
        }
    }

    /// <summary>Deletes the file and SQLite's companion files. No process may use it any more.</summary>
    public static void Delete(string file)
    {
        string[] left = [.. new[] { file, file + "-wal", file + "-shm", LocalClusterLife.FileOf(file) }.Where(File.Exists)];
        if (left.Length == 0)
            return;
        ClosePools();
        foreach (string path in left)
            File.Delete(path);
    }

    /// <summary>Deletes the file if no silo is active in it.</summary>
    /// <exception cref="SqliteException">The file no longer exists.</exception>
    public static void DeleteIfDeserted(string file)
    {
        var existing = new SqliteConnectionStringBuilder(ConnectionString(file)) { Pooling = false };
        using (var connection = new SqliteConnection(existing.ConnectionString))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT COUNT(*) FROM OrleansMembershipTable WHERE Status = 3;";
            if (command.ExecuteScalar() is not 0L)
                return;
        }

        Delete(file);
    }

    /// <summary>A separate method, so that SQLite is not loaded where no file is to be deleted.</summary>
    private static void ClosePools() => SqliteConnection.ClearAllPools();

    /// <summary>A silo that ends may write once more after the last one has deleted the file, which must not come back.</summary>
    private static string ConnectionString(string file, int busySeconds, SqliteOpenMode mode = SqliteOpenMode.ReadWrite) =>
        new SqliteConnectionStringBuilder { DataSource = Path.GetFullPath(file), DefaultTimeout = busySeconds, Mode = mode }
            .ConnectionString;

    private static void Execute(SqliteConnection connection, string text, SqliteTransaction? transaction)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is embedded in this assembly.
        command.CommandText = text;
#pragma warning restore CA2100
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }

    private static string Schema()
    {
        using var stream = typeof(SqliteMembership).Assembly.GetManifestResourceStream("membership.sql")
            ?? throw new InvalidOperationException("membership.sql is not embedded");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
