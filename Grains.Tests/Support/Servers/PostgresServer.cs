using System.Diagnostics;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A PostgreSQL of a test's own: on a free port of the loopback, with a directory of its own, gone with the test.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const int Attempts = 5;
    private const string User = "postgres";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _initdb;
    private readonly string _program;
    private ServerProcess? _process;

    private PostgresServer()
    {
        var folders = Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order() : Enumerable.Empty<string>();
        string[] binaries = [.. folders.Select(version => Path.Combine(version, "bin"))];
        _initdb = ServerPrograms.Require("initdb", "postgresql", binaries);
        _program = Path.Combine(Path.GetDirectoryName(_initdb)!, "postgres");
    }

    /// <summary>The port; the same over restarts.</summary>
    public int Port { get; private set; }

    /// <summary>What <c>Orleans:Clustering:ConnectionString</c> takes.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Database=postgres;Username={User}";

    private string Data => _directory.File("data");

    /// <summary>
    /// Starts a server with an empty database; it answers when this returns. The test is skipped where PostgreSQL is not installed, and fails in CI.
    /// </summary>
    public static async Task<PostgresServer> StartAsync(CancellationToken cancellation)
    {
        var server = new PostgresServer();
        try
        {
            await server.InitializeAsync(cancellation);
            for (int attempt = 1; ; attempt++)
            {
                server.Port = ServerPrograms.FreePort();
                if (await server.TryStartAsync(cancellation))
                    return server;
                Assert.True(attempt < Attempts, "postgres ended before it was ready");
            }
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

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
        Assert.True(await TryStartAsync(cancellation), $"postgres could not be started again on port {Port}");
    }

    public void Dispose()
    {
        Kill();
        _directory.Dispose();
    }

    /// <summary>The server refuses to run as root: then it runs as the user that its package made.</summary>
    private static (string Program, string[] Arguments) AsServer(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess ? (ServerPrograms.Require("runuser", "util-linux"), ["-u", User, "--", program, .. arguments]) : (program, arguments);

    private async Task InitializeAsync(CancellationToken cancellation)
    {
        if (Environment.IsPrivilegedProcess)
        {
            // Its own user has to reach the directory and to write there.
            using var owner = Process.Start("chown", [User, _directory.Path]);
            await owner.WaitForExitAsync(cancellation);
        }

        var (program, arguments) = AsServer(
            _initdb, ["-D", Data, "-U", User, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]);
        using var initdb = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        })!;
        var error = initdb.StandardError.ReadToEndAsync(cancellation);
        await initdb.StandardOutput.ReadToEndAsync(cancellation);
        await initdb.WaitForExitAsync(cancellation);
        Assert.True(initdb.ExitCode == 0, $"initdb: {await error}");
    }

    private async Task<bool> TryStartAsync(CancellationToken cancellation)
    {
        // A killed server leaves its lock behind; the kernel may have given its process id to somebody else.
        File.Delete(Path.Combine(Data, "postmaster.pid"));
        var (program, arguments) = AsServer(
            _program, ["-D", Data, "-p", $"{Port}", "-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        _process = await ServerProcess.StartAsync(program, arguments, "database system is ready to accept connections", cancellation);
        return _process is not null;
    }
}
