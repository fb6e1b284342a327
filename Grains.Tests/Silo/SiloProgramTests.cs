using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo;

/// <summary>Real processes with real membership: what in-process silos cannot show.</summary>
[Collection(Processes.Name)]
public sealed class SiloProgramTests : IDisposable
{
    private readonly string _runs = Directory.CreateTempSubdirectory("tbptt-silo").FullName;
    private readonly SiloProgram _program = SiloProgram.Find(AppContext.BaseDirectory);
    private readonly List<Process> _started = [];

    [Fact(Timeout = 120_000)]
    public async Task LocalSilo_SaysWhereItListensAndEndsOrderly_WhenStandardInputCloses()
    {
        var silo = Start("--runs", _runs, "--local", "--log-file", Path.Combine(_runs, "silo.log"));

        using var ready = await ReadReadyAsync(silo);
        Assert.True(ready.RootElement.GetProperty("ready").GetBoolean());
        Assert.Equal(silo.Id, ready.RootElement.GetProperty("pid").GetInt32());
        using (var web = new HttpClient { BaseAddress = new(ready.RootElement.GetProperty("page").GetString()!) })
            Assert.Equal("Healthy", await web.GetStringAsync("/health/ready", TestContext.Current.CancellationToken));
        using (var client = new TcpClient())
            await client.ConnectAsync(IPEndPoint.Parse(ready.RootElement.GetProperty("gateway").GetString()!),
                TestContext.Current.CancellationToken);

        silo.StandardInput.Close();
        Assert.Equal("", await silo.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, silo.ExitCode);
        Assert.Contains("leaving its cluster",
            await File.ReadAllTextAsync(Path.Combine(_runs, "silo.log"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Silos_FindEachOther_WhenTheyStartAtOnceOnAnEmptyStore()
    {
        var silos = Enumerable.Range(0, 3).Select(_ => Start("--runs", _runs, "--local", "--cluster-id", "three")).ToArray();
        foreach (var silo in silos)
            (await ReadReadyAsync(silo)).Dispose();

        await using var connection = await ClusterConnection.OpenAsync(Path.Combine(_runs, ".cluster", "membership.db"), "three",
            TestContext.Current.CancellationToken);
        var hosts = await connection.Grains.GetGrain<IManagementGrain>(0).GetHosts(true, TestContext.Current.CancellationToken);

        Assert.Equal(3, hosts.Count);
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalSilo_Ends_WhenItsParentIsKilled()
    {
        // The shell holds the pipe's other end, as the console does, and is killed with -9.
        string pipe = Path.Combine(_runs, "pipe");
        string script = $"mkfifo {pipe}; {_program.Runtime} {_program.Assembly} --local --runs {_runs} < {pipe} & exec 3> {pipe}; wait";
        var parent = Track(Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!);
        using var ready = await ReadReadyAsync(parent);
        using var silo = Process.GetProcessById(ready.RootElement.GetProperty("pid").GetInt32());

        parent.Kill();

        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(silo.HasExited);
    }

    [Fact(Timeout = 120_000)]
    public async Task LocalSilo_IgnoresTheTerminalsCtrlCAndEndsOnSigterm_WithinAShortTime()
    {
        var silo = Start("--runs", _runs, "--local");
        (await ReadReadyAsync(silo)).Dispose();

        Signal(silo, "INT");
        // The silo still answers: the signal before this one was handled.
        await using (var connection = await ClusterConnection.OpenAsync(Path.Combine(_runs, ".cluster", "membership.db"), "tbptt",
            TestContext.Current.CancellationToken))
            Assert.Single(await connection.Grains.GetGrain<IManagementGrain>(0).GetHosts(true, TestContext.Current.CancellationToken));
        long asked = Stopwatch.GetTimestamp();
        Signal(silo, "TERM");

        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, silo.ExitCode);
        Assert.InRange(Stopwatch.GetElapsedTime(asked), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("device: found 'gpu', expected auto, cpu or cuda:N", "--device", "gpu")]
    [InlineData("gateway-port: found '99999', expected 0 to 65535", "--gateway-port", "99999")]
    [InlineData("log-level: found 'loud', expected verbose, debug, information, warning, error or fatal", "--log-level", "loud")]
    [InlineData("http: found 'web', expected [address:]port, such as 8080, 127.0.0.1:8080 or 0.0.0.0:8080, with 0 for any free " +
        "port; or off", "--http", "web")]
    [InlineData("Unrecognized command or argument '--nonsense'.", "--nonsense")]
    public async Task Silo_ExitsWith78AndOneLine_WhenAnOptionIsWrong(string message, params string[] args)
    {
        var silo = Start(["--runs", _runs, "--local", .. args]);

        using var ready = await ReadReadyAsync(silo);
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(78, silo.ExitCode);
        Assert.False(ready.RootElement.GetProperty("ready").GetBoolean());
        Assert.Equal(message, ready.RootElement.GetProperty("error").GetString());
        Assert.Equal($"tbptt-silo: {message}", (await silo.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd());
    }

    [Fact(Timeout = 120_000)]
    public async Task Silo_ExitsWith78AndOneLine_WhenNoSettingReadsAKey()
    {
        var start = _program.StartInfo(["--runs", _runs, "--local", "--cluster-id", "lab"]);
        start.Environment["TBPTT__ClusterID"] = "lab";
        var silo = Track(Process.Start(start)!);

        using var ready = await ReadReadyAsync(silo);
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(78, silo.ExitCode);
        Assert.Equal(
            "Tbptt:ClusterID: found an unknown key in the environment (TBPTT__ClusterID), expected Orleans:ClusterId; it is not read " +
            "any more, write this key instead",
            ready.RootElement.GetProperty("error").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task Silo_ExitsWith69AndOneLine_WhenTheMembershipFileCannotBeUsed()
    {
        string file = Path.Combine(_runs, "membership.db");
        await File.WriteAllTextAsync(file, "This is a text that is no database, and long enough to be seen as none.",
            TestContext.Current.CancellationToken);
        var silo = Start("--runs", _runs, "--local", "--connection", file);

        using var ready = await ReadReadyAsync(silo);
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(69, silo.ExitCode);
        Assert.StartsWith($"cannot use the membership file {file}", ready.RootElement.GetProperty("error").GetString(),
            StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Silo_ExitsWith78_WhenTheGivenPortIsTaken()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        int other = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var silo = Start("--runs", _runs, "--local", "--silo-port", $"{port}", "--gateway-port", $"{other}");

        using var ready = await ReadReadyAsync(silo);
        await silo.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(78, silo.ExitCode);
        Assert.Contains($"{port}", ready.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var process in _started)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_runs, recursive: true);
    }

    private static async Task<JsonDocument> ReadReadyAsync(Process silo) =>
        JsonDocument.Parse(await silo.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)
            ?? throw new InvalidOperationException(
                $"the silo said nothing: {await silo.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}"));

    private static void Signal(Process process, string name)
    {
        using var kill = Process.Start("/bin/kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private Process Start(params string[] args) => Track(Process.Start(_program.StartInfo(args))!);

    private Process Track(Process process)
    {
        _started.Add(process);
        return process;
    }
}

/// <summary>
/// Tests that start several processes each, one after another, so that not all of them start at once. Other tests run next to them: no silo
/// seems dead because processors are busy.
/// </summary>
[Slow, CollectionDefinition(Name)]
public sealed class Processes
{
    public const string Name = "processes";
}
