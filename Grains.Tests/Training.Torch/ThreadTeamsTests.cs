using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Torch.Native;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Tests.Training.Torch;

public sealed class ThreadTeamsTests
{
    [Fact]
    public void Kernels_StayOnTheCallingThread_OnThreadsThatNeverSetTheirNumber()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads the names of threads from /proc");
        NativeBackend.Initialize();

        // OpenMP's threads inherit their maker's name; all others, which come and go with other tests, have another.
        const string Name = "lone-kernels";
        int before = 0, after = 0;
        var caller = new Thread(() =>
        {
            using var scope = NewDisposeScope();
            before = ThisProcess.ThreadNames().Count(name => name == Name);

            // Large enough that OpenMP would split it over its own team.
            var sum = (rand(1 << 20).exp() + matmul(rand(512, 512), rand(512, 512)).sum()).sum();
            Assert.True(sum.item<float>() > 0);
            after = ThisProcess.ThreadNames().Count(name => name == Name);
        }) { Name = Name };
        caller.Start();
        caller.Join();

        Assert.Equal((1, 1), (before, after));
    }
}
