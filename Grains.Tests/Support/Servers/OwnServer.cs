namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A server for one test: on a free port of the loopback, with its own directory, gone with the test.</summary>
/// <param name="name">The program, for messages.</param>
internal abstract class OwnServer(string name) : IDisposable
{
    private const int Attempts = 5;
    private ServerProcess? _process;

    /// <summary>The port; the same over restarts.</summary>
    public int Port { get; private set; }

    /// <summary>What <c>Orleans:Clustering:ConnectionString</c> takes.</summary>
    public abstract string ConnectionString { get; }

    /// <summary>What the server keeps.</summary>
    protected TemporaryDirectory Files { get; } = new();

    /// <summary>Kills the server and every process of it (SIGKILL), and waits until it is gone.</summary>
    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Starts the server again on its port with the data it had; kills it first where it runs.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        Kill();
        Assert.True(await TryStartAsync(cancellation), $"{name} could not be started again on port {Port}");
    }

    public void Dispose()
    {
        Kill();
        Files.Dispose();
    }

    /// <summary>Prepares a server and starts it on a port that nobody has; it answers when this returns.</summary>
    protected static async Task<TServer> StartAsync<TServer>(TServer server, CancellationToken cancellation) where TServer : OwnServer
    {
        try
        {
            await server.InitializeAsync(cancellation);
            for (int attempt = 1; ; attempt++)
            {
                // Somebody else may take the port meanwhile.
                server.Port = ServerPrograms.FreePort();
                if (await server.TryStartAsync(cancellation))
                    return server;
                Assert.True(attempt < Attempts, $"{server.Name} ended before it was ready");
            }
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Prepares the directory.</summary>
    protected virtual Task InitializeAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Starts the process; null when it ends before it is ready.</summary>
    protected abstract Task<ServerProcess?> StartProcessAsync(CancellationToken cancellation);

    private string Name => name;

    private async Task<bool> TryStartAsync(CancellationToken cancellation) =>
        (_process = await StartProcessAsync(cancellation)) is not null;
}
