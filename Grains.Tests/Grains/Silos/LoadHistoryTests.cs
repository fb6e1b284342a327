using Orleans.Tbptt.Grains.Silos.Load;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Tests.Grains.Silos;

public sealed class LoadHistoryTests
{
    [Fact]
    public void History_CoversALongLife_InEverLongerSamples()
    {
        var history = new LoadHistory();
        for (int second = 0; second < 5 * LoadHistory.Most; second++)
            history.Add(Sample(second));

        var (samples, width) = history.Read();

        Assert.Equal((8, 5 * LoadHistory.Most / 8), (width, samples.Count));
        Assert.Equal((3.5, 7), (samples[0].Cores, samples[0].Memory));
        Assert.Equal((5 * LoadHistory.Most) - 1, samples[^1].Memory);
        Assert.All(samples, sample => Assert.True(double.IsNaN(sample.Gpu)));
    }

    [Fact]
    public void Merging_KeepsWhatIsKnown() =>
        Assert.Equal((2, 5), (LoadSample.Merge(Sample(1) with { Gpu = 2 }, Sample(3)).Gpu, LoadSample.Merge(Sample(5), Sample(3)).Memory));

    [Fact]
    public void MachineTime_IsBusyTime() =>
        Assert.Equal(10.4, ProcessLoad.MachineTime("cpu  100 20 300 40000 5000 600 20 0 50 7\ncpu0 1 2 3\n"));

    [Fact]
    public void Threads_AreFound_WhateverTheProcessIsCalled() => Assert.Equal(
        27, ProcessLoad.ThreadsOf(
            "12 (a) b) 99 (c) R 1 12 12 0 -1 4194560 8124 0 0 0 52 13 0 0 20 0 27 0 7000 274877906944 11000 18446744"));

    [Fact]
    public void ThisProcess_HasUsedSomething()
    {
        var load = ProcessLoad.Read();

        Assert.True(load.Seconds > 0 && load.Memory > 1 << 20);
        Assert.True(!OperatingSystem.IsLinux() || (load.Threads > 1 && load.MachineSeconds >= load.Seconds));
    }

    private static LoadSample Sample(double value) => new(value, value, value, value, value, double.NaN, double.NaN);
}
