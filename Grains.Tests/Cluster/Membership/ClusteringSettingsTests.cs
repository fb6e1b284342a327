using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Tests.Cluster.Membership;

public sealed class ClusteringSettingsTests
{
    [Fact]
    public void Settings_AreASqliteFile_WhenNothingIsSaid()
    {
        var settings = Read();

        Assert.Equal((ClusteringProvider.Sqlite, Path.GetFullPath("runs/membership.db"), "tbptt"),
            (settings.Provider, settings.Connection, settings.ClusterId));
        Assert.False(settings.Tls.IsOn);
    }

    [Theory]
    [InlineData("sqlite", "other.db", "SQLite {0}/other.db")]
    [InlineData("Sqlite", "Data Source=other.db", "SQLite {0}/other.db")]
    [InlineData("redis", "one:6379,two:6380,password=sesame,ssl=true", "Redis one:6379, two:6380")]
    [InlineData("PostgreSQL", "Host=db.example;Database=tbptt;Username=u;Password=sesame", "PostgreSQL db.example:5432/tbptt")]
    public void Settings_DescribeTheStore_WithoutPasswords(string provider, string connection, string description) =>
        Assert.Equal(description.Replace("{0}", Directory.GetCurrentDirectory(), StringComparison.Ordinal),
            Read((ClusteringSettings.ProviderKey, provider), (ClusteringSettings.ConnectionKey, connection)).Description);

    [Theory]
    [InlineData("Mongo", "x", "Orleans:Clustering:ProviderType: found 'Mongo', expected Sqlite, Redis or PostgreSql")]
    [InlineData("2", "x", "Orleans:Clustering:ProviderType: found '2', expected Sqlite, Redis or PostgreSql")]
    [InlineData("Redis", "", "Orleans:Clustering:ConnectionString: missing for Redis")]
    [InlineData("Redis", "password=sesame", "Orleans:Clustering:ConnectionString: names no Redis server")]
    [InlineData("Redis", "redis://u:sesame@host", "Orleans:Clustering:ConnectionString: found a URL for Redis")]
    [InlineData("Redis", "host,connectTimeout=sesame", "Orleans:Clustering:ConnectionString: not a connection string of Redis")]
    [InlineData("PostgreSql", "", "Orleans:Clustering:ConnectionString: missing for PostgreSQL")]
    [InlineData("PostgreSql", "Password=sesame", "Orleans:Clustering:ConnectionString: names no PostgreSQL server")]
    [InlineData("PostgreSql", "Host=h;Pasword=sesame", "Orleans:Clustering:ConnectionString: not a connection string of PostgreSQL")]
    public void Settings_AreRefusedWithKeyAndRemedy_WhenAValueIsWrong(string provider, string connection, string message)
    {
        var exception = Assert.Throws<ClusterSettingsException>(() =>
            Read((ClusteringSettings.ProviderKey, provider), (ClusteringSettings.ConnectionKey, connection)));

        Assert.StartsWith(message, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tbptt:Tls:Certificate", "Tbptt:Tls:Authority: missing")]
    [InlineData("Tbptt:Tls:Authority", "Tbptt:Tls:Certificate: missing")]
    [InlineData("Tbptt:Tls:Key", "Tbptt:Tls:Certificate: missing")]
    public void Tls_IsRefused_WhenItIsIncomplete(string key, string message) =>
        Assert.StartsWith(message, Assert.Throws<ClusterSettingsException>(() => Read((key, "file.pem"))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Redis_FailsRatherThanWaits_UnlessItsConnectionStringSaysOtherwise()
    {
        Assert.Equal(1500, RedisServers.Options("host:6379").AsyncTimeout);
        Assert.Equal(4000, RedisServers.Options("host:6379,asyncTimeout=4000").AsyncTimeout);
        Assert.False(RedisServers.Options("host:6379").BacklogPolicy.QueueWhileDisconnected);
    }

    private static ClusteringSettings Read(params (string Key, string Value)[] given) => ClusteringSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(given.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))).Build(),
        "runs/membership.db");
}
