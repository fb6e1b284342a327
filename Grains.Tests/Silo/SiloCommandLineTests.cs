using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Tests.Silo;

public sealed class SiloCommandLineTests
{
    [Fact]
    public void CommandLine_OutweighsTheEnvironment_AndTheEnvironmentTheDefaults()
    {
        Environment.SetEnvironmentVariable("Tbptt__Address", "127.0.0.2");
        Environment.SetEnvironmentVariable("Tbptt__Device", "cuda:1");
        try
        {
            var start = Parse("--device", "cpu", "--detached", "wave-1");

            Assert.Equal("127.0.0.2", start.Settings.Address);
            Assert.Equal("cpu", start.Settings.DeviceName.Text);
            Assert.Equal("tbptt", start.Settings.Clustering.ClusterId);
            Assert.Equal(Path.GetFullPath("runs/.cluster/membership.db"), start.Settings.Clustering.Connection);
            Assert.Equal((SiloMode.Detached, "wave-1"), (start.Mode, start.Run!.Value.Text));
        }
        finally
        {
            Environment.SetEnvironmentVariable("Tbptt__Address", null);
            Environment.SetEnvironmentVariable("Tbptt__Device", null);
        }
    }

    [Fact]
    public void CommandLine_NamesTheSweepThatADetachedSiloIsStartedFor()
    {
        var start = Parse("--detached-sweep", "wave");

        Assert.Equal((SiloMode.Detached, "wave", true), (start.Mode, start.Run!.Value.Text, start.IsSweep));
        Assert.Contains(
            "detached-sweep: found 'a/b', expected a sweep ID",
            Assert.Throws<SiloStartException>(() => Parse("--detached-sweep", "a/b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CommandLine_ChoosesTheClusterAndItsStore_InPlaceOfTheEnvironments()
    {
        Environment.SetEnvironmentVariable("Orleans__Clustering__ProviderType", "Redis");
        Environment.SetEnvironmentVariable("Orleans__Clustering__ConnectionString", "redis.example:6379");
        Environment.SetEnvironmentVariable("Orleans__ClusterId", "from-environment");
        try
        {
            Assert.Equal("Redis redis.example:6379", Parse().Settings.Clustering.Description);
            Assert.Equal("Redis other.example:6379", Parse("--connection", "other.example").Settings.Clustering.Description);
            Assert.Equal("from-environment", Parse().Settings.Clustering.ClusterId);
            var local = Parse(
                "--clustering", "Sqlite", "--connection", "/data/wave-1.db", "--cluster-id", "wave-1").Settings.Clustering;
            Assert.Equal(("SQLite /data/wave-1.db", "wave-1"), (local.Description, local.ClusterId));
        }
        finally
        {
            Environment.SetEnvironmentVariable("Orleans__Clustering__ProviderType", null);
            Environment.SetEnvironmentVariable("Orleans__Clustering__ConnectionString", null);
            Environment.SetEnvironmentVariable("Orleans__ClusterId", null);
        }
    }

    [Fact]
    public void CommandLine_TakesSlotsAndDataRoots_InPlaceOfTheEnvironments()
    {
        Environment.SetEnvironmentVariable("Tbptt__DataRoots__0", "/usr");
        Environment.SetEnvironmentVariable("Tbptt__DataRoots__1", "/etc");
        try
        {
            Assert.Equal(["/usr", "/etc"], Parse().Settings.DataRoots);
            Assert.Equal(["/tmp"], Parse("--data-root", "/usr/../tmp").Settings.DataRoots);
        }
        finally
        {
            Environment.SetEnvironmentVariable("Tbptt__DataRoots__0", null);
            Environment.SetEnvironmentVariable("Tbptt__DataRoots__1", null);
        }

        Assert.Equal(["/usr", "/tmp"], Parse("--data-root", "/usr", "--data-root", "/tmp").Settings.DataRoots);
        Assert.Equal(0, Parse("--slots", "0").Settings.ActualSlots);
        Assert.Equal(Environment.ProcessorCount, Parse("--device", "cpu").Settings.ActualSlots);
    }

    [Theory]
    [InlineData("slots: found '-1', expected 0 to 1024", "--slots", "-1")]
    [InlineData("log-format: found 'xml', expected text or json", "--log-format", "xml")]
    [InlineData("telemetry: found 'otlp', expected none or console", "--telemetry", "otlp")]
    [InlineData("data-root: found '/no/such/place', expected a directory that exists", "--data-root", "/no/such/place")]
    public void CommandLine_SaysWhatItExpected_WhenAValueIsWrong(string message, params string[] args) =>
        Assert.Equal(message, Assert.Throws<SiloStartException>(() => Parse(args)).Message);

    [Fact]
    public void CommandLine_NamesKeyAndValue_WhenAPortIsNoNumber()
    {
        var exception = Assert.Throws<SiloStartException>(() => Parse("--silo-port", "ssh"));

        Assert.Equal(SiloExitCode.WrongConfiguration, exception.ExitCode);
        Assert.Contains("SiloPort", exception.Message, StringComparison.Ordinal);
        Assert.Contains("ssh", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("192.168.1.7", true)]
    public void Settings_LimitData_WhereOthersReachTheSilo_ByTheAddress(string address, bool exposed)
    {
        var settings = Parse("--address", address, "--runs", "store").Settings;

        Assert.Equal(exposed, settings.IsExposed);
        Assert.Equal(exposed ? [Path.GetFullPath("store")] : [], settings.DataRoots);
        Assert.Equal(["/tmp"], Parse("--address", address, "--data-root", "/tmp").Settings.DataRoots);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("somewhere")]
    public void Settings_RefuseAnAddress_ThatNobodyCanReach(string address)
    {
        var exception = Assert.Throws<SiloStartException>(() => _ = Parse("--address", address).Settings.IPAddress);

        Assert.Contains($"found '{address}'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_NameTheSilo_ByWhatDistinguishesIt()
    {
        Assert.Equal($"silo-{Environment.ProcessId}", Parse().Settings.EffectiveName);
        Assert.Equal("east", Parse("--name", "east").Settings.EffectiveName);
        Assert.Equal("silo-417", SiloSettings.NameOf(417, "machine"));
        Assert.Equal("silo-6f2b1c", SiloSettings.NameOf(1, "6f2b1c"));
    }

    private static SiloStart Parse(params string[] args)
    {
        var start = default(SiloStart);
        new SiloCommandLine()
            .Build(
                parsed =>
                {
                    start = parsed;
                    return Task.FromResult(0);
                },
                _ => Task.FromResult(0),
                () => { })
            .Parse(args)
            .Invoke(new() { EnableDefaultExceptionHandler = false });
        return start!;
    }
}
