using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

public sealed class SqliteSilosTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SqliteSilosTests() => _listener.Start();

    private string Membership => _directory.File("membership.db");

    private int ListeningPort => ((IPEndPoint)_listener.LocalEndpoint).Port;

    [Fact]
    public async Task Silos_AreNotAlive_WhereThereIsNoFile() => Assert.False(await AnyListensAsync());

    [Theory]
    [InlineData("tbptt", 3, true)]
    [InlineData("lab", 3, false)]
    [InlineData("tbptt", 6, false)]
    public async Task Silos_AreAlive_WhenOneOfTheClusterIsActiveAndListens(string cluster, int status, bool alive)
    {
        List(cluster, status, ListeningPort);

        Assert.Equal(alive, await AnyListensAsync());
    }

    [Fact]
    public async Task Silos_AreNotAlive_WhenAllWereKilledAtOnceAndAreListedStill()
    {
        int port = ListeningPort;
        _listener.Stop();
        List("tbptt", 3, port);

        Assert.False(await AnyListensAsync());
    }

    [Fact]
    public async Task Silos_AreAnErrorWithTheFilesName_WhenItCannotBeRead()
    {
        await File.WriteAllTextAsync(Membership, new string('x', 4096), TestContext.Current.CancellationToken);

        var exception = await Assert.ThrowsAsync<ClientException>(AnyListensAsync);

        Assert.StartsWith($"cannot read the membership file {Membership}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StartLock_IsHeldByOneConsole_AndLeavesNothingBehind()
    {
        const string Held = "another console is starting silos";
        string runs = _directory.File("runs");
        using (StartLock.Take(runs, Membership, Held))
        {
            var exception = Assert.Throws<ClientException>(() => StartLock.Take(runs, Membership, Held));
            Assert.Equal(Held, exception.Message);
        }

        StartLock.Take(runs, Membership, Held).Dispose();
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(Membership)!));
    }

    public void Dispose()
    {
        _listener.Dispose();
        SqliteConnection.ClearAllPools();
        _directory.Dispose();
    }

    private Task<bool> AnyListensAsync() => SqliteSilos.AnyListensAsync(Membership, "tbptt", TestContext.Current.CancellationToken);

    private void List(string cluster, int status, int port)
    {
        using var connection = new SqliteConnection($"Data Source={Membership}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE OrleansMembershipTable (DeploymentId TEXT, Address TEXT, Status INTEGER, ProxyPort INTEGER);"
            + "INSERT INTO OrleansMembershipTable VALUES ($id, '127.0.0.1', $status, $port);";
        command.Parameters.AddWithValue("$id", cluster);
        command.Parameters.AddWithValue("$status", status);
        command.Parameters.AddWithValue("$port", port.ToString(CultureInfo.InvariantCulture));
        command.ExecuteNonQuery();
    }
}
