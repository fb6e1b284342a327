using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Orleans.Tbptt.Tests.Silo;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>What other tests build on has to hold itself.</summary>
[Collection(Processes.Name)]
public sealed class ServersTests
{
    [Fact(Timeout = 60_000)]
    public async Task Redis_HasItsDataAfterAKill_AndNoneWhenItIsRestartedEmpty()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var redis = await RedisServer.StartAsync(cancellation);
        Assert.Equal("+OK", await AskAsync(redis, "SET key value", cancellation));

        redis.Kill();
        await Assert.ThrowsAsync<SocketException>(() => AskAsync(redis, "GET key", cancellation));
        await redis.RestartAsync(cancellation);
        Assert.Equal("$5", await AskAsync(redis, "GET key", cancellation));

        await redis.RestartEmptyAsync(cancellation);
        Assert.Equal("$-1", await AskAsync(redis, "GET key", cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task Postgres_Answers_AndAgainAfterAKill()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var postgres = await PostgresServer.StartAsync(cancellation);
        Assert.Equal("1", await SelectOneAsync(postgres, cancellation));

        postgres.Kill();
        Assert.Equal("", await SelectOneAsync(postgres, cancellation));
        await postgres.RestartAsync(cancellation);
        Assert.Equal("1", await SelectOneAsync(postgres, cancellation));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Process_EndsWithTheTimeOfItsTest_EvenWhereItStartsLater(bool isOverFirst)
    {
        using var test = new CancellationTokenSource();
        if (isOverFirst)
            await test.CancelAsync();
        using var process = Process.Start("sleep", ["600"]);
        using var leash = new ProcessLeash(process, test.Token);
        await test.CancelAsync();

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(leash.HasEndedIt);
    }

    private static async Task<string?> AskAsync(RedisServer redis, string command, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, redis.Port, cancellation);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), cancellation);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadLineAsync(cancellation);
    }

    private static async Task<string> SelectOneAsync(PostgresServer postgres, CancellationToken cancellation)
    {
        string psql = ServerPrograms.Require("psql", "postgresql");
        string[] arguments =
            ["-h", "127.0.0.1", "-p", $"{postgres.Port}", "-U", "postgres", "-d", "postgres", "-t", "-A", "-c", "SELECT 1"];
        using var process =
            Process.Start(new ProcessStartInfo(psql, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync(cancellation);
        string output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await error;
        await process.WaitForExitAsync(cancellation);
        return output.Trim();
    }
}
