using Microsoft.Data.Sqlite;
using Orleans.Serialization;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web;

public sealed class RunCatalogTests
{
    public static TheoryData<Exception> Failures =>
    [
        new TimeoutException(),
        new SiloUnavailableException(),
        new SqliteException("disk I/O error", 10),
        new CodecNotFoundException("no codec"),
    ];

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task Counts_AreNone_WhenASiloOrTheStoreDoesNotAnswer(Exception failure)
    {
        var management = Fake.Of<IManagementGrain>((_, _) => Task.FromException<SimpleGrainStatistic[]>(failure));
        var catalog = new RunCatalog(Fake.Of<IGrainFactory>((_, _) => management), null!, TimeProvider.System);

        Assert.Empty(await catalog.CountGrainsAsync());
    }

    [Fact]
    public async Task Counts_AreByTypeAndSilo_TheMostNumerousFirst()
    {
        var silo = SiloAddress.FromParsableString("127.0.0.1:11111@1");
        SimpleGrainStatistic Of(string type, int count) => new() { GrainType = type, SiloAddress = silo, ActivationCount = count };
        SimpleGrainStatistic[] found = [Of("A.Rare,A", 1), Of("A.Common,A", 2), Of("A.Common,A", 1)];
        var management = Fake.Of<IManagementGrain>((_, _) => Task.FromResult(found));
        var catalog = new RunCatalog(Fake.Of<IGrainFactory>((_, _) => management), null!, TimeProvider.System);

        var counts = await catalog.CountGrainsAsync();

        Assert.Equal(["Common", "Rare"], counts.Select(one => one.Type));
        Assert.Equal(3, counts[0].Silos[silo.ToParsableString()]);
    }
}
