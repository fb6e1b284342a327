using System.Net;
using System.Net.Sockets;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Doctor;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>What <c>tbptt doctor</c> finds on machines that a test makes up.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly TemporaryDirectory _machine = new();
    private readonly ScriptedConsole _console = new();

    [Theory]
    [InlineData("max 100000", true, "none")]
    [InlineData("200000 100000", true, "2 cores by the control group")]
    [InlineData("50000 100000", false, "0.5 cores by the control group")]
    public void Quota_IsReadFromTheControlGroup(string quota, bool isWell, string found)
    {
        Write("proc/self/cgroup", "0::/kubepods/pod1\n");
        Write("sys/fs/cgroup/kubepods/pod1/cpu.max", quota + "\n");

        AssertFinding(isWell, found, new MachineChecks(_machine.Path).Quota());
    }

    [Theory]
    [InlineData(8 << 20, "max", true, "8 GiB free")]
    [InlineData(8 << 20, "4294967296", true, "3 GiB free, limit 4 GiB by the control group")]
    [InlineData(8 << 20, "1610612736", false, "512 MiB free, limit 1.5 GiB by the control group")]
    [InlineData(512 << 10, "max", false, "512 MiB free")]
    public void Memory_IsTheLeastOfMachineAndLimit(int kibibytes, string limit, bool isWell, string found)
    {
        Write("proc/meminfo", $"MemTotal: 99999999 kB\nMemAvailable:   {kibibytes} kB\n");
        Write("sys/fs/cgroup/memory.max", limit + "\n");
        Write("sys/fs/cgroup/memory.current", $"{1 << 30}\n");

        AssertFinding(isWell, found, new MachineChecks(_machine.Path).Memory());
    }

    [Theory]
    [InlineData("1024                 1048576", true, "1,048,576 at most")]
    [InlineData("1024                 1024", false, "1,024 at most")]
    [InlineData("unlimited            unlimited", true, "no limit")]
    public void OpenFiles_AreLimitedByTheHardLimit(string limits, bool isWell, string found)
    {
        Write("proc/self/limits", $"Limit  Soft Limit Hard Limit Units\nMax open files            {limits}              files\n");

        AssertFinding(isWell, found, new MachineChecks(_machine.Path).OpenFiles());
    }

    /// <summary>What was not read is neither well nor wrong.</summary>
    [Fact]
    public void Limits_ThatCannotBeRead_AreNotKnown()
    {
        var checks = new MachineChecks(_machine.Path);

        Assert.All([checks.Quota(), checks.OpenFiles()], finding =>
        {
            Assert.Equal(Verdict.Unknown, finding.Verdict);
            Assert.StartsWith("not known: found no ", finding.Found, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void ThisMachine_HasAProcessorAddressesAndPorts()
    {
        var findings = new MachineChecks().All().ToDictionary(finding => finding.Subject);

        Assert.Contains($"tbptt {ProtocolVersion.Product}, .NET {Environment.Version}", findings["program"].Found,
            StringComparison.Ordinal);
        Assert.Contains("vector registers", findings["processor"].Found, StringComparison.Ordinal);
        Assert.Equal(Verdict.Ok, findings["ports"].Verdict);
    }

    [Fact]
    public void AStore_IsTriedWithoutATrace_AndNotCreated()
    {
        string runs = _machine.File("new/runs");

        var findings = new StoreChecks(TimeProvider.System).All(runs, isLocal: true).ToDictionary(finding => finding.Subject);

        Assert.StartsWith($"{runs}, which the first run creates, file system ", findings["run store"].Found, StringComparison.Ordinal);
        Assert.Contains("ms to write 4 KiB durably", findings["durable write"].Found, StringComparison.Ordinal);
        Assert.Contains("free", findings["disk space"].Found, StringComparison.Ordinal);
        Assert.Equal(Verdict.Ok, findings["clock"].Verdict);
        Assert.Empty(Directory.GetFileSystemEntries(_machine.Path));
    }

    [Fact]
    public void AStore_ThatCannotBeWritten_IsAProblem()
    {
        var finding = Assert.Single(new StoreChecks(TimeProvider.System).All("/proc/runs", isLocal: true));

        Assert.Equal((Verdict.Problem, "run store"), (finding.Verdict, finding.Subject));
        Assert.StartsWith("/proc/runs, which cannot be written (", finding.Found, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Remedy);
    }

    [Theory]
    [InlineData("{\"torchSharp\":\"0.107.0\",\"cudaDevices\":2}", false, "Ok engine, Ok libtorch, Ok CUDA")]
    [InlineData("{\"torchSharp\":\"0.107.0\",\"cudaDevices\":0,\"whyNoCuda\":\"none\"}", false, "Ok engine, Ok libtorch, Ok CUDA")]
    [InlineData("{\"torchSharp\":\"0.107.0\",\"cudaDevices\":0,\"whyNoCuda\":\"none\"}", true, "Ok engine, Ok libtorch, Warning CUDA")]
    [InlineData(
        "{\"torchSharp\":\"0.107.0\",\"libtorchFolder\":\"/opt/torch/lib\",\"cudaDevices\":1}", true, "Ok engine, Ok libtorch, Ok CUDA")]
    [InlineData("{\"torchSharp\":\"0.107.0\",\"libtorchWarning\":\"2.10.1\",\"cudaDevices\":1}", true,
        "Ok engine, Warning libtorch, Ok CUDA")]
    [InlineData("{\"libtorch\":\"libtorch cannot be loaded\"}", true, "Ok engine, Warning libtorch")]
    [InlineData("Segmentation fault", false, "Problem engine")]
    public void Engines_AreJudgedByASilosReport(string report, bool gpu, string findings) => Assert.Equal(findings, string.Join(
        ", ", EngineChecks.Judge(report, "exit code 139", gpu).Select(finding => $"{finding.Verdict} {finding.Subject}")));

    [Theory]
    [InlineData(0.0, true, "equal")]
    [InlineData(1.5, true, "silo-1 1.5 s ahead of this machine")]
    [InlineData(-3.0, false, "silo-1 3.0 s behind this machine")]
    public void Clocks_AreComparedWithinTheTimeOfTheCall(double seconds, bool isWell, string found)
    {
        var began = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var ended = began.AddSeconds(0.2);
        var silo = new SiloReport
        {
            Name = "silo-1", Address = "127.0.0.1:1@1", Pid = 1, Version = "1", Devices = [], Slots = 1,
            Clock = (seconds < 0 ? began : ended).AddSeconds(seconds),
        };

        AssertFinding(isWell, found, ClusterChecks.Clocks(new("tbptt", "1", 1, [silo]), began, ended));
    }

    [Fact]
    public async Task ACluster_ThatCannotBeReached_IsAProblem()
    {
        _console.Cluster.BeforeDescriptions.Enqueue(() => throw new ClientException("no silo answered", ExitCode.Unreachable));

        var finding =
            Assert.Single(await ClusterChecks.AllAsync(_console.Context, new ClusterSelection(_console.Runs, true, "redis:db:6379")));

        Assert.Equal((Verdict.Problem, "membership", "no silo answered"), (finding.Verdict, finding.Subject, finding.Found));
    }

    [Fact]
    public async Task ACluster_ThatStopsAnswering_IsAProblem_AndWhatWasFoundStays()
    {
        _console.Cluster.Report = _console.Cluster.Report with { Silos = [Silo("127.0.0.1:1@1")] };
        _console.Cluster.BeforeDescriptions.Enqueue(() => Task.CompletedTask);
        _console.Cluster.BeforeDescriptions.Enqueue(() => throw new TimeoutException("no answer in time"));

        var findings = await FindAsync();

        Assert.Equal("Ok membership, Ok slots, Warning versions, Warning ports, Problem membership",
            string.Join(", ", findings.Select(finding => $"{finding.Verdict} {finding.Subject}")));
        Assert.Equal("silos that stopped answering after the connection (no answer in time)", findings[^1].Found);
        Assert.StartsWith("silo-1, silo port 127.0.0.1:1: ", findings[3].Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APort_ThatIsOpen_IsNamed_AndClocksMayBeUnknown()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _console.Cluster.Report = _console.Cluster.Report with { Silos = [Silo($"S{listener.LocalEndpoint}:5")] };

        var findings = (await FindAsync()).ToDictionary(finding => finding.Subject);

        Assert.Equal((Verdict.Ok, $"silo port open from here: {listener.LocalEndpoint}"),
            (findings["ports"].Verdict, findings["ports"].Found));
        Assert.Equal((Verdict.Unknown, "not known: these silos do not report their clocks"),
            (findings["clocks"].Verdict, findings["clocks"].Found));
    }

    [Fact]
    public async Task ACluster_OfAnotherVersion_IsToBeOfOneVersion()
    {
        _console.Cluster.Report = _console.Cluster.Report with { Protocol = ProtocolVersion.Current + 1 };

        var finding = Assert.Single(await FindAsync());

        Assert.Equal((Verdict.Problem, "versions", "install one version on all machines"),
            (finding.Verdict, finding.Subject, finding.Remedy));
    }

    public void Dispose()
    {
        _machine.Dispose();
        _console.Dispose();
    }

    private Task<IReadOnlyList<Finding>> FindAsync() =>
        ClusterChecks.AllAsync(_console.Context, new ClusterSelection(_console.Runs, true, "redis:db:6379"));

    private static SiloReport Silo(string address) =>
        new() { Name = "silo-1", Address = address, Pid = 1, Version = "1", Devices = [], Slots = 1 };

    private static void AssertFinding(bool isWell, string found, Finding finding)
    {
        Assert.Equal((isWell ? Verdict.Ok : Verdict.Warning, found), (finding.Verdict, finding.Found));
        Assert.Equal(isWell, finding.Remedy.Length == 0);
    }

    private void Write(string path, string text)
    {
        string file = _machine.File(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
