using System.Diagnostics;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>A PostgreSQL of a test's own.</summary>
internal sealed class PostgresServer : OwnServer
{
    private const string User = "postgres";
    private readonly string _initdb;
    private readonly string _program;

    private PostgresServer()
        : base("postgres")
    {
        var folders = Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order()
            : Enumerable.Empty<string>();
        string[] binaries = [.. folders.Select(version => Path.Combine(version, "bin"))];
        _initdb = ServerPrograms.Require("initdb", "postgresql", binaries);
        _program = Path.Combine(Path.GetDirectoryName(_initdb)!, "postgres");
    }

    /// <inheritdoc/>
    public override string ConnectionString => $"Host=127.0.0.1;Port={Port};Database=postgres;Username={User}";

    private string Data => Files.File("data");

    /// <summary>
    /// Starts a server with an empty database; it answers when this returns. The test is skipped where PostgreSQL is not installed, and
    /// fails in CI.
    /// </summary>
    public static Task<PostgresServer> StartAsync(CancellationToken cancellation) => StartAsync(new PostgresServer(), cancellation);

    /// <summary>The server refuses to run as root: then it runs as the user that its package made.</summary>
    private static (string Program, string[] Arguments) AsServer(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess ? (ServerPrograms.Require("runuser", "util-linux"), ["-u", User, "--", program, .. arguments])
            : (program, arguments);

    /// <inheritdoc/>
    protected override async Task InitializeAsync(CancellationToken cancellation)
    {
        if (Environment.IsPrivilegedProcess)
        {
            // Its own user has to reach the directory and to write there.
            using var owner = Process.Start("chown", [User, Files.Path]);
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

    /// <inheritdoc/>
    protected override Task<ServerProcess?> StartProcessAsync(CancellationToken cancellation)
    {
        // A killed server leaves its lock behind; the kernel may have given its process id to somebody else.
        File.Delete(Path.Combine(Data, "postmaster.pid"));
        var (program, arguments) = AsServer(
            _program, ["-D", Data, "-p", $"{Port}", "-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "shared_buffers=16MB"]);
        return ServerProcess.StartAsync(program, arguments, "database system is ready to accept connections", cancellation);
    }
}
