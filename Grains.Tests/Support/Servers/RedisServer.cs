namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A Redis of a test's own: on a free port of the loopback, with a directory of its own, gone with the test.</summary>
/// <remarks>Every write is in its append-only file before it is answered, so a killed server has lost nothing.</remarks>
internal sealed class RedisServer : IDisposable
{
    private const int Attempts = 5;

    private readonly string _program;
    private readonly TemporaryDirectory _directory;
    private ServerProcess? _process;

    private RedisServer(string program, TemporaryDirectory directory) => (_program, _directory) = (program, directory);

    /// <summary>The port; the same over restarts.</summary>
    public int Port { get; private set; }

    /// <summary>What <c>Orleans:Clustering:ConnectionString</c> takes.</summary>
    public string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>Starts a server; it answers when this returns. The test is skipped where Redis is not installed, and fails in CI.</summary>
    public static async Task<RedisServer> StartAsync(CancellationToken cancellation)
    {
        var server = new RedisServer(ServerPrograms.Require("redis-server", "redis-server"), new());
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                server.Port = ServerPrograms.FreePort();
                if (await server.TryStartAsync(cancellation))
                    return server;
                Assert.True(attempt < Attempts, "redis-server ended before it was ready");
            }
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Kills the server (SIGKILL) and waits until it is gone.</summary>
    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Starts the server again on its port with the data it had; kills it first where it runs.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        Kill();
        Assert.True(await TryStartAsync(cancellation), $"redis-server could not be started again on port {Port}");
    }

    /// <summary>Starts the server again on its port without any data; kills it first where it runs.</summary>
    public Task RestartEmptyAsync(CancellationToken cancellation)
    {
        Kill();
        foreach (string entry in Directory.EnumerateDirectories(_directory.Path))
            Directory.Delete(entry, recursive: true);
        foreach (string file in Directory.EnumerateFiles(_directory.Path))
            File.Delete(file);
        return RestartAsync(cancellation);
    }

    public void Dispose()
    {
        Kill();
        _directory.Dispose();
    }

    private async Task<bool> TryStartAsync(CancellationToken cancellation)
    {
        string[] arguments =
        [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _directory.Path, "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
        ];
        _process = await ServerProcess.StartAsync(_program, arguments, "Ready to accept connections", cancellation);
        return _process is not null;
    }
}
