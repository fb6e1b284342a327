using Orleans.Tbptt.Training.Native;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Tests.Native;

public sealed class ThreadTeamsTests
{
    [Fact]
    public void Kernels_StayOnTheCallingThread_OnThreadsThatNeverSetTheirNumber()
    {
        NativeBackend.Initialize();
        int before = 0, after = 0;
        var caller = new Thread(() =>
        {
            using var scope = NewDisposeScope();
            before = NativeThreads();

            // Large enough that OpenMP would split it over a team of its own.
            var sum = (rand(1 << 20).exp() + matmul(rand(512, 512), rand(512, 512)).sum()).sum();
            Assert.True(sum.item<float>() > 0);
            after = NativeThreads();
        });
        caller.Start();
        caller.Join();

        Assert.Equal(before, after);
    }

    /// <summary>Threads of the process that carry no name of .NET's giving: OpenMP's keep the program's.</summary>
    private static int NativeThreads() => Directory.GetDirectories("/proc/self/task")
        .Count(task => File.ReadAllText(Path.Combine(task, "comm")).Trim() is var name && !name.StartsWith(".NET", StringComparison.Ordinal));
}
