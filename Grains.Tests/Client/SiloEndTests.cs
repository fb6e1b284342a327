using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

public sealed class SiloEndTests
{
    [Theory]
    [InlineData(70, null, "ended with exit code 70: last words")]
    [InlineData(139, 0L, "crashed with SIGSEGV (exit code 139): last words")]
    [InlineData(143, 0L, "was ended by SIGTERM (exit code 143), which a user or a program sent")]
    [InlineData(137, null, "was killed by SIGKILL (exit code 137), which the kernel's out-of-memory killer or a user sent")]
    [InlineData(137, 0L,
        "was killed by SIGKILL (exit code 137), probably by a user: the kernel has counted no out-of-memory kill in the meantime")]
    [InlineData(137, 2L,
        "was killed by SIGKILL (exit code 137), probably by the kernel's out-of-memory killer, which has killed 2 processes in the "
        + "meantime; give the machine more memory, or reduce data.batchSize or model.hiddenSize")]
    public void End_NamesTheSignalAndItsProbableSender(int exitCode, long? memoryKills, string expected) =>
        Assert.Equal(expected, SiloEnd.Describe(exitCode, "", memoryKills, () => ": last words"));

    [Theory]
    [InlineData("nr_free_pages 5\noom_kill 12\nnuma_hit 3\n", 12L)]
    [InlineData("nr_free_pages 5\n", null)]
    [InlineData("oom_kill many\n", null)]
    public void MemoryKills_AreReadFromTheKernelsCounts(string text, long? expected)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("vmstat"), text);

        Assert.Equal(expected, SiloEnd.ReadMemoryKills(directory.File("vmstat")));
        Assert.Null(SiloEnd.ReadMemoryKills(directory.File("none")));
    }
}
