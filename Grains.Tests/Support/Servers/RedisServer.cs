namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A Redis of a test's own.</summary>
/// <remarks>Every write is in its append-only file before it is answered, so a killed server has lost nothing.</remarks>
internal sealed class RedisServer : OwnServer
{
    private const string Program = "redis-server";
    private readonly string _program = ServerPrograms.Require(Program, "redis-server");

    private RedisServer()
        : base(Program)
    {
    }

    /// <inheritdoc/>
    public override string ConnectionString => $"127.0.0.1:{Port}";

    /// <summary>Starts a server; it answers when this returns. The test is skipped where Redis is not installed, and fails in CI.</summary>
    public static Task<RedisServer> StartAsync(CancellationToken cancellation) => StartAsync(new RedisServer(), cancellation);

    /// <summary>Starts the server again on its port without any data; kills it first where it runs.</summary>
    public Task RestartEmptyAsync(CancellationToken cancellation)
    {
        Kill();
        foreach (string entry in Directory.EnumerateDirectories(Files.Path))
            Directory.Delete(entry, recursive: true);
        foreach (string file in Directory.EnumerateFiles(Files.Path))
            File.Delete(file);
        return RestartAsync(cancellation);
    }

    /// <inheritdoc/>
    protected override Task<ServerProcess?> StartProcessAsync(CancellationToken cancellation) => ServerProcess.StartAsync(
        _program,
        ["--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Files.Path, "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""],
        "Ready to accept connections",
        cancellation);
}
