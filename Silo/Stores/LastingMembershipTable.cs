using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>Orleans' membership table in Redis, with each silo's copy of it, from which a Redis that lost its data is restored.</summary>
/// <remarks>
/// Orleans ends a silo that is missing in the table, and a cluster with a new table would be a second one. So the first silo that finds a
/// table older than its copy restores the copy in one script: its rows, and those added meanwhile, under a version that every silo accepts
/// as newer. That copy may be from before another silo's last change of status, which would stay undone: every silo writes its own again.
/// It may be from before another silo joined, too, and a few silos that join bring a new table to the version that the others know: so a
/// silo that finds the others' table without itself adds what is missing there.
/// </remarks>
/// <param name="inner">Orleans' own table.</param>
/// <param name="redis">The server.</param>
/// <param name="key">The hash that Orleans keeps the table in: for each silo its row, and the version.</param>
/// <param name="directory">The grain directory, which was lost with the table.</param>
/// <param name="self">This silo.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs losses.</param>
internal sealed partial class LastingMembershipTable(
    IMembershipTable inner, IDatabase redis, RedisKey key, RedisGrainDirectory directory, ILocalSiloDetails self, TimeProvider time,
    ILogger<LastingMembershipTable> logger)
    : IMembershipTable
{
    private const string Version = "Version";
    private const int Reads = 3;

    /// <summary>
    /// Arguments: the known version, the field that must be there or nothing, then fields and values. Returns the version found, or -1 for
    /// none, where it has restored something; null where nothing was lost. What is there of a newer table is newer, too, and stays.
    /// </summary>
    private const string RestoreScript = """
        local found, known = tonumber(redis.call('HGET', KEYS[1], 'Version') or '-1'), tonumber(ARGV[1])
        if found >= known and (ARGV[2] == '' or redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1) then return false end
        local write = found < known and 'HSET' or 'HSETNX'
        for i = 3, #ARGV, 2 do redis.call(write, KEYS[1], ARGV[i], ARGV[i + 1]) end
        redis.call('HSET', KEYS[1], 'Version', string.format('%d', math.max(found, known) + 1))
        return found
        """;

    /// <summary>
    /// How old a copy may be that puts its silo back into a newer table. Much less than the hour after which rows of dead silos are
    /// removed: a silo that slept that long was declared dead.
    /// </summary>
    private static readonly TimeSpan MostAge = TimeSpan.FromMinutes(10);

    private readonly RedisKey[] _keys = [key];
    private readonly RedisValue _own = self.SiloAddress.ToString();
    private volatile Copy? _known;
    private volatile SiloStatus _reached;
    private bool _silent;

    /// <inheritdoc/>
    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        inner.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        inner.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    /// <inheritdoc/>
    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        inner.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);

    /// <inheritdoc/>
    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            var table = await ReadWithSelfAsync(cancellationToken);
            return await RewriteOwnStatusAsync(table, cancellationToken) ? await inner.ReadAllAsync(cancellationToken) : table;
        }
        catch (Exception exception) when (_known is not null && exception is (RedisException or RedisTimeoutException))
        {
            // A client that asks for the silos makes a grain read the table, and Orleans has no codec for the driver's exceptions.
            throw new TimeoutException($"Redis does not answer: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        inner.InsertRowAsync(entry, tableVersion, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        bool updated = await inner.UpdateRowAsync(entry, etag, tableVersion, cancellationToken);
        if (updated && entry.SiloAddress.Equals(self.SiloAddress))
            _reached = entry.Status;
        return updated;
    }

    /// <inheritdoc/>
    public async Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync();
            await inner.UpdateIAmAliveAsync(entry, cancellationToken);
            if (Interlocked.Exchange(ref _silent, false))
                LogAnswers(logger);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // Not rethrown: Orleans would back off up to a minute. This way it retries at the next heartbeat, and finds Redis when it is
            // back.
            if (!Interlocked.Exchange(ref _silent, true))
                LogSilent(logger, exception.Message);
        }
    }

    Task IMembershipTable.InitializeMembershipTable(bool tryInitTableVersion) =>
        InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    Task IMembershipTable.DeleteMembershipTableEntries(string clusterId) =>
        DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    Task IMembershipTable.CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadAll() => ReadAllAsync(CancellationToken.None);

    Task<MembershipTableData> IMembershipTable.ReadRow(SiloAddress key) => throw new NotSupportedException("single rows are not read");

    Task<bool> IMembershipTable.InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        InsertRowAsync(entry, tableVersion, CancellationToken.None);

    Task<bool> IMembershipTable.UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    Task IMembershipTable.UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    /// <summary>Reads the table, again where it was lost after it had been restored.</summary>
    private async Task<MembershipTableData> ReadWithSelfAsync(CancellationToken cancellationToken)
    {
        for (int read = 1; ; read++)
        {
            await RefreshAsync();
            var table = await inner.ReadAllAsync(cancellationToken);
            if (read == Reads || _known?.Has(_own) != true || table.TryGet(self.SiloAddress) is not null)
                return table;
        }
    }

    /// <summary>Reads the table, restores it if it was lost, and keeps a copy.</summary>
    private async Task RefreshAsync()
    {
        var read = await ReadAsync();
        if (_known is { } known && (read.Version < known.Version || (IsMissed(known) && !read.Has(_own))))
        {
            RedisValue[] arguments = [known.Version, IsMissed(known) ? _own : "", .. known.Rows.SelectMany(
                row => (RedisValue[])[row.Name, row.Value])];
            if (await redis.ScriptEvaluateAsync(RestoreScript, _keys, arguments) is { IsNull: false } found)
            {
                if ((int)found < known.Version)
                    LogRestored(logger, (int)found, known.Version, known.Rows.Count);
                else
                    LogPutBack(logger, (int)found, known.Version, known.Rows.Count);
            }

            read = await ReadAsync();
        }

        if (read.Version >= 0)
            _known = read;
        if (await directory.EnterAsync(self.SiloAddress) is > 0 and var lost)
            LogEntered(logger, lost);
    }

    /// <summary>Writes this silo's status again where the table was restored from a copy that is older than it.</summary>
    /// <remarks>The version says nothing about this: a restored table may have the very version that this silo knows.</remarks>
    private async Task<bool> RewriteOwnStatusAsync(MembershipTableData table, CancellationToken cancellationToken)
    {
        if (table.TryGet(self.SiloAddress) is not var (own, etag) || own.Status >= _reached)
            return false;
        var (found, reached) = (own.Status, _reached);
        own.Status = reached;
        bool written = await inner.UpdateRowAsync(own, etag, table.Version.Next(), cancellationToken);
        if (written)
            LogRewritten(logger, found, reached);
        return written;
    }

    /// <summary>Whether a table without this silo has lost it.</summary>
    private bool IsMissed(Copy known) => known.Has(_own) && time.GetUtcNow() - known.At < MostAge;

    private async Task<Copy> ReadAsync()
    {
        var at = time.GetUtcNow();
        var all = await redis.HashGetAllAsync(key);
        int version = -1;
        foreach (var field in all)
        {
            if (field.Name == Version)
                version = (int)field.Value;
        }

        return new(version, [.. all.Where(field => field.Name != Version)], at);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Redis lost the membership table: found version {Found}, known is {Known}. Its {Rows} rows are restored; the cluster continues")]
    private static partial void LogRestored(ILogger logger, int found, int known, int rows);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Redis lost the membership table: found version {Found}, known is {Known}, without this silo. Those of its {Rows} rows that are "
        + "missing are put back; the cluster continues")]
    private static partial void LogPutBack(ILogger logger, int found, int known, int rows);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The restored membership table has this silo as {Found}, although it is {Reached}; its status is written again")]
    private static partial void LogRewritten(ILogger logger, SiloStatus found, SiloStatus reached);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis lost the grain directory: {Lost} grains of this silo are registered again")]
    private static partial void LogEntered(ILogger logger, int lost);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Redis does not answer; silos that die meanwhile are not noticed, and none can join: {Reason}")]
    private static partial void LogSilent(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis answers again")]
    private static partial void LogAnswers(ILogger logger);

    private sealed record Copy(int Version, IReadOnlyList<HashEntry> Rows, DateTimeOffset At)
    {
        public bool Has(RedisValue silo) => Rows.Any(row => row.Name == silo);
    }
}
