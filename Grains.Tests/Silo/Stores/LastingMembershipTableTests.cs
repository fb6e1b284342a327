using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Silo.Stores;
using Orleans.Tbptt.Tests.Support;
using StackExchange.Redis;

namespace Orleans.Tbptt.Tests.Silo.Stores;

public sealed class LastingMembershipTableTests
{
    private static readonly SiloAddress Self = SiloAddress.FromParsableString("127.0.0.1:11111@1");
    private SiloStatus _status = SiloStatus.Joining;
    private int _version = 1;

    private readonly FakeTimeProvider _time = new();
    private Exception? _failure;
    private bool _hasRow;
    private int _restored;

    /// <param name="found">The status that the table has after the silo wrote that it is active, in version 2.</param>
    /// <param name="version">Its version then.</param>
    /// <param name="wanted">The status that the table is to have in the end.</param>
    /// <param name="rewritten">Its version in the end.</param>
    [Theory]
    [InlineData(SiloStatus.Joining, 3, SiloStatus.Active, 4)] // another silo restored what it had read before
    [InlineData(SiloStatus.Joining, 2, SiloStatus.Active, 3)] // the same, and the version that it took is the one known here
    [InlineData(SiloStatus.Active, 3, SiloStatus.Active, 3)]
    [InlineData(SiloStatus.Dead, 3, SiloStatus.Dead, 3)] // others declared it dead
    public async Task Silo_WritesItsStatusAgain_WhereTheTableHasAnOlderOne(SiloStatus found, int version, SiloStatus wanted, int rewritten)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var table = Open();
        Assert.True(await table.UpdateRowAsync(Entry(SiloStatus.Active), "etag", new TableVersion(2, "2"), cancellation));
        await table.ReadAllAsync(cancellation);

        (_status, _version) = (found, version);
        var read = await table.ReadAllAsync(cancellation);

        Assert.Equal((wanted, rewritten), (_status, _version));
        Assert.Equal((wanted, rewritten), (read.TryGet(Self)?.Item1.Status, read.Version.Version));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadAll_ThrowsWhatOrleansCanSend_WhenRedisDoesNotAnswerAnyMore(bool late)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var table = Open();
        await table.ReadAllAsync(cancellation);

        _failure = late ? new RedisTimeoutException("away", CommandStatus.Sent)
            : new RedisConnectionException(ConnectionFailureType.SocketClosed, "away");

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => table.ReadAllAsync(cancellation));
        Assert.Equal("Redis does not answer: away", exception.Message);
        Assert.Null(exception.InnerException);
    }

    /// <param name="minutes">The age of the silo's copy when its row is missing.</param>
    /// <param name="restored">How often it is put back: not where it may have been declared dead, and removed, while it slept.</param>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(20, 0)]
    public async Task Silo_PutsItselfBack_WhereItsCopyIsNew(int minutes, int restored)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var table = Open();
        _hasRow = true;
        await table.ReadAllAsync(cancellation);

        _hasRow = false;
        _time.Advance(TimeSpan.FromMinutes(minutes));
        await table.ReadAllAsync(cancellation);

        Assert.Equal(restored, _restored);
    }

    /// <summary>A table with one silo over a server; status, version and failure are this test's fields.</summary>
    private LastingMembershipTable Open()
    {
        var inner = Fake.Of<IMembershipTable>((method, arguments) => method.Name switch
        {
            nameof(IMembershipTable.ReadAllAsync) => Task.FromResult(new MembershipTableData(
                Tuple.Create(Entry(_status), "etag"), new TableVersion(_version, $"{_version}"))),
            nameof(IMembershipTable.UpdateRowAsync) => Task.FromResult(Update((MembershipEntry)arguments[0]!, (TableVersion)arguments[2]!)),
            _ => throw new NotSupportedException(method.Name),
        });
        var redis = Fake.Of<IDatabase>((method, arguments) => method.Name switch
        {
            nameof(IDatabase.HashGetAllAsync) => _failure is { } failure ? Task.FromException<HashEntry[]>(failure)
                : Task.FromResult<HashEntry[]>([new("Version", _version), .. _hasRow ? [Row] : Array.Empty<HashEntry>()]),
            nameof(IDatabase.ScriptEvaluateAsync) => Task.FromResult(RedisResult.Create(Restore((string)arguments[0]!))),
            _ => throw new NotSupportedException(method.Name),
        });
        var self = Fake.Of<ILocalSiloDetails>((_, _) => Self);
        return new(inner, redis, "members", new(redis, "directory"), self, _time, NullLogger<LastingMembershipTable>.Instance);
    }

    private static HashEntry Row => new(Self.ToString(), "row");

    private RedisValue Restore(string script)
    {
        if (!script.Contains("'Version'", StringComparison.Ordinal))
            return 0;
        _restored++;
        _hasRow = true;
        return 1;
    }

    private static MembershipEntry Entry(SiloStatus status) => new() { SiloAddress = Self, Status = status };

    private bool Update(MembershipEntry entry, TableVersion version)
    {
        (_status, _version) = (entry.Status, version.Version);
        return true;
    }
}
