using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Tbptt.Silo.Stores;
using Orleans.Tbptt.Tests.Support;
using StackExchange.Redis;

namespace Orleans.Tbptt.Tests.Silo.Stores;

public sealed class LastingMembershipTableTests
{
    private static readonly SiloAddress Self = SiloAddress.FromParsableString("127.0.0.1:11111@1");
    private SiloStatus _status = SiloStatus.Joining;
    private int _version = 1;

    [Fact]
    public async Task Silo_WritesItsStatusAgain_WhenTheRestoredTableHasAnOlderOne()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var table = Open();
        Assert.True(await table.UpdateRowAsync(Entry(SiloStatus.Active), "etag", new TableVersion(2, "2"), cancellation));

        // Another silo restores what it read before that.
        (_status, _version) = (SiloStatus.Joining, 3);
        var read = await table.ReadAllAsync(cancellation);

        Assert.Equal((SiloStatus.Active, 4), (_status, _version));
        Assert.Equal(SiloStatus.Active, read.TryGet(Self)?.Item1.Status);
    }

    [Fact]
    public async Task Silo_LeavesItsRow_WhenOthersDeclaredItDead()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var table = Open();
        Assert.True(await table.UpdateRowAsync(Entry(SiloStatus.Active), "etag", new TableVersion(2, "2"), cancellation));

        (_status, _version) = (SiloStatus.Dead, 3);
        await table.ReadAllAsync(cancellation);

        Assert.Equal((SiloStatus.Dead, 3), (_status, _version));
    }

    [Fact]
    public async Task ReadAll_ThrowsWhatCanBeSent_WhenRedisDoesNotAnswerAnyMore()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var table = Open();
        await table.ReadAllAsync(cancellation);

        _version = -1;

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => table.ReadAllAsync(cancellation));
        Assert.Equal("Redis does not answer: away", exception.Message);
        Assert.Null(exception.InnerException);
    }

    /// <summary>A table over a server whose version is a field of this test; -1 stands for a server that is away.</summary>
    private LastingMembershipTable Open()
    {
        var inner = Fake.Of<IMembershipTable>((method, arguments) => method.Name switch
        {
            nameof(IMembershipTable.ReadAllAsync) => Task.FromResult(new MembershipTableData(
                Tuple.Create(Entry(_status), "etag"), new TableVersion(_version, $"{_version}"))),
            nameof(IMembershipTable.UpdateRowAsync) => Task.FromResult(Update((MembershipEntry)arguments[0]!, (TableVersion)arguments[2]!)),
            _ => throw new NotSupportedException(method.Name),
        });
        var redis = Fake.Of<IDatabase>((method, _) => method.Name switch
        {
            nameof(IDatabase.HashGetAllAsync) => _version < 0
                ? Task.FromException<HashEntry[]>(new RedisConnectionException(ConnectionFailureType.SocketClosed, "away"))
                : Task.FromResult(new HashEntry[] { new("Version", _version) }),
            nameof(IDatabase.ScriptEvaluateAsync) => Task.FromResult(RedisResult.Create((RedisValue)0)),
            _ => throw new NotSupportedException(method.Name),
        });
        var self = Fake.Of<ILocalSiloDetails>((_, _) => Self);
        return new(inner, redis, "members", new(redis, "directory"), self, NullLogger<LastingMembershipTable>.Instance);
    }

    private static MembershipEntry Entry(SiloStatus status) => new() { SiloAddress = Self, Status = status };

    private bool Update(MembershipEntry entry, TableVersion version)
    {
        (_status, _version) = (entry.Status, version.Version);
        return true;
    }
}
