using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Hosting;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Deploy;

/// <summary>The units of <c>deploy/systemd</c>, as systemd reads them.</summary>
public sealed partial class SystemdTests : IDisposable
{
    /// <summary>systemd's own word for units that are well protected.</summary>
    private const double MostExposed = 4;

    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("tbptt-silo.service", "tbptt-silo.service")]
    [InlineData("tbptt-run@.service", "tbptt-run@wave.service")]
    public void Units_AreSoundAndProtected(string file, string unit)
    {
        string analyze = ServerPrograms.RequireIfInstalled("systemd-analyze");
        // The programs are not installed here, and nobody has made the user.
        string text = Command().Replace(File.ReadAllText(SourceTree.Of("deploy", "systemd", file)), "ExecStart=/bin/true")
            .Replace("=tbptt\n", "=root\n", StringComparison.Ordinal);
        string path = _directory.File(unit);
        File.WriteAllText(path, text);

        var (code, output, error) = Tool.Try(analyze, "verify", "--man=no", path);

        Assert.Equal((0, "", ""), (code, output, Ours(error, unit)));
        string exposure = Tool.Try(analyze, "security", "--offline=yes", "--no-pager", path).Output;
        Assert.InRange(double.Parse(Exposure().Match(exposure).Groups[1].Value, CultureInfo.InvariantCulture), 0, MostExposed);
    }

    [Fact]
    public void Mistakes_AreFound_SoThatTheTestAboveCanFail()
    {
        string path = _directory.File("wrong.service");
        File.WriteAllText(path, "[Service]\nExecStart=/bin/true\nRestrt=always\n");

        Assert.Contains(
            "Restrt", Ours(Tool.Try(ServerPrograms.RequireIfInstalled("systemd-analyze"), "verify", "--man=no", path).Error,
                "wrong.service"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void ASilo_HasTheTimeThatItTakesToLeave_AndIsNotStartedAgainWithAWrongSetting()
    {
        string unit = File.ReadAllText(SourceTree.Of("deploy", "systemd", "tbptt-silo.service"));

        Assert.True(Number(unit, "TimeoutStopSec") > (SiloRun.DrainTimeout + SiloHost.ShutdownTimeout).TotalSeconds);
        Assert.Equal(SiloExitCode.WrongConfiguration, Number(unit, "RestartPreventExitStatus"));
    }

    [Fact]
    public void ARun_IsNotStartedAgain_WhereThatCannotHelp()
    {
        string unit = File.ReadAllText(SourceTree.Of("deploy", "systemd", "tbptt-run@.service"));

        Assert.Contains(
            $"RestartPreventExitStatus={ExitCode.Usage} {ExitCode.Diverged} {ExitCode.BadSpec}\n", unit, StringComparison.Ordinal);
        Assert.Contains($"SuccessExitStatus={ExitCode.Terminated} {ExitCode.Stopped}\n", unit, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Messages about a unit; units of the machine that the test runs on have their own.</summary>
    private static string Ours(string messages, string unit) =>
        string.Join('\n', messages.Split('\n').Where(line => line.Contains(unit, StringComparison.Ordinal)));

    private static int Number(string unit, string key) =>
        int.Parse(Regex.Match(unit, $"^{key}=([0-9]+)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("^ExecStart=.*$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();
}
