using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>Replicas on one emulated device hold the same parameters once, and others never.</summary>
public sealed class SharedParametersTests
{
    private const long Memory = 1 << 30;

    private static readonly ReferenceCase Example =
        new(new("lstm", 2, Tokens: false, Classes: false, 0.4), [12, 11, 12, 12], lanes: 4, chunkLength: 3);

    private static long Bytes => (long)Example.Layout.Length * sizeof(float);

    /// <summary>Three go from step to step together: of each step one copy, and two places that take turns.</summary>
    [Fact]
    public void SameParameters_AreCopiedOnce_AndHeldOnce()
    {
        using var device = new Emulator(memory: Memory);
        var shared = SharedParameters.Join(device, Example.Layout.Length);
        List<GpuReplica> replicas = [.. Enumerable.Range(0, 3).Select(_ => Open(device))];
        for (int step = 0; step < 4; step++)
        {
            foreach (var replica in replicas)
                replica.LoadParameters(Of(step));
            Assert.Equal(step + 1, shared.Copied);
        }

        long taken = Memory - device.FreeMemory;
        long biases = 2L * 4 * Example.Model.HiddenSize * sizeof(float);
        Assert.Equal((2 * Bytes) + (3 * (Bytes + biases)), taken);
        Assert.All(replicas, replica => Assert.Equal(Alone(3, 0), Run(replica, 0)));

        foreach (var replica in replicas)
            replica.Dispose();
        shared.Leave(null);
        Assert.Equal((Memory, 0), (device.FreeMemory, device.PageLocked));
    }

    /// <summary>One is a step behind, one evaluates an average, and one is of another run: each computes with its own.</summary>
    [Fact]
    public void OtherParameters_AreNeverTakenForTheseOnes()
    {
        using var device = new Emulator(backwards: true, memory: Memory);
        using GpuReplica first = Open(device), behind = Open(device), average = Open(device), other = Open(device);
        for (int step = 0; step < 4; step++)
        {
            first.LoadParameters(Of(step + 1));
            behind.LoadParameters(Of(step));
            average.LoadParameters(Of(step + 0.5f));
            other.LoadParameters(Of(-step - 1));

            Assert.Equal(Alone(step + 1, step), Run(first, step));
            Assert.Equal(Alone(step, step), Run(behind, step));
            Assert.Equal(Alone(step + 0.5f, step), Run(average, step));
            Assert.Equal(Alone(-step - 1, step), Run(other, step));

            // The same step once more, as of a lost trainer, after others have gone ahead.
            first.LoadParameters(Of(step));
            Assert.Equal(Alone(step, step), Run(first, step));
        }
    }

    /// <summary>0 and −0 are equal numbers, and NaN is not equal to itself: bits are compared.</summary>
    [Fact]
    public void Parameters_AreKnownByTheirBits()
    {
        using var device = new Emulator(memory: Memory);
        var shared = SharedParameters.Join(device, 3);
        Assert.Same(shared, SharedParameters.Join(device, 3));
        ParameterSet? first = null, second = null;
        shared.Take([0, float.NaN, 1], ref first);
        shared.Take([0, float.NaN, 1], ref second);
        Assert.Equal(1, shared.Copied);
        shared.Take([-0f, float.NaN, 1], ref second);
        Assert.Equal(2, shared.Copied);
        shared.Leave(first);
        shared.Leave(second);
        Assert.Equal((Memory, 0), (device.FreeMemory, device.PageLocked));
    }

    /// <summary>Where one leaves, a place that nobody needs is given back, and others forget the lists that may use it.</summary>
    [Fact]
    public void Place_IsGivenBack_WhereReplicasLeave()
    {
        using var device = new Emulator(memory: Memory);
        using var first = Open(device);
        long before;
        using (var second = Open(device))
        {
            for (int step = 0; step < 3; step++)
            {
                first.LoadParameters(Of(step));
                second.LoadParameters(Of(step));
                Assert.Equal(Alone(step, step), Run(first, step));
                Assert.Equal(Alone(step, step), Run(second, step));
            }

            before = device.FreeMemory;
        }

        Assert.True(device.FreeMemory >= before + (2 * Bytes));
        for (int step = 3; step < 6; step++)
        {
            first.LoadParameters(Of(step));
            Assert.Equal(Alone(step, step), Run(first, step));
        }
    }

    /// <summary>Memory for which there is no room is one error, and the replicas that there are compute on.</summary>
    [Fact]
    public void Place_ThatDoesNotFit_IsAnErrorOfTheOneThatComes()
    {
        long biases = 2L * 4 * Example.Model.HiddenSize * sizeof(float);
        using var device = new Emulator(memory: (2 * Bytes) + biases + (40 << 10));
        using var first = Open(device);
        first.LoadParameters(Of(1));
        var expected = Run(first, 0);
        List<GpuReplica> more = [];
        var refusal = Assert.Throws<OutOfDeviceMemoryException>(() =>
        {
            for (int count = 0; count < 100; count++)
            {
                more.Add(Open(device));
                more[^1].LoadParameters(Of(1));
            }
        });

        Assert.Contains("the parameters of hidden 5 in 2 layers and their gradient need", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(expected, Run(first, 0));
        foreach (var one in more)
            one.Dispose();
        first.LoadParameters(Of(2));
        Assert.Equal(Alone(2, 0), Run(first, 0));
    }

    /// <summary>Replicas on threads of their own, of which some go together and some do not; the device may be as late as it can.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Replicas_OnThreadsOfTheirOwn_HaveTheirBits(bool late)
    {
        using var device = new Emulator(backwards: late, memory: Memory);
        float[][] expected = [.. Enumerable.Range(0, 12).Select(step => Alone(step, step))];

        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(index => Task.Factory.StartNew(
            () =>
            {
                using var replica = Open(device);
                List<float[]> found = [];
                for (int step = 0; step < 6; step++)
                {
                    // Two begin with the same steps as the two others end with.
                    int own = step + (index % 2 * 6);
                    replica.LoadParameters(Of(own));
                    found.Add(Run(replica, own));
                }

                return (First: index % 2 * 6, Found: found);
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        foreach (var (first, found) in all)
            Assert.Equal(expected[first..(first + 6)], found);
        Assert.Equal((Memory, 0), (device.FreeMemory, device.PageLocked));
    }

    /// <summary>The device is lost while two share: both say so, and leave nothing that a later device would find.</summary>
    [Fact]
    public void LostDevice_IsLostToAll_AndForgotten()
    {
        var fuse = new FailingAccelerator.Fuse(120);
        using var device = new Emulator(memory: Memory);
        GpuReplica[] replicas = [Failing(), Failing()];
        Assert.All(replicas, replica => Assert.Throws<DeviceLostException>(() =>
        {
            for (int step = 0; step < 100; step++)
            {
                replica.LoadParameters(Of(step));
                Run(replica, step);
            }
        }));
        foreach (var replica in replicas)
            replica.Dispose();
        Assert.Equal(0, device.PageLocked);
        using var again = Open(device);
        again.LoadParameters(Of(1));

        Assert.Equal(Alone(1, 0), Run(again, 0));

        GpuReplica Failing() => new(
            new FailingAccelerator(device.OpenAnother(), fuse), Example.Model, Example.Loss, ownsDevice: true);
    }

    /// <summary>One of another length copies and computes while the copy of this one does not end.</summary>
    [Fact]
    public async Task Replica_OfAnotherShape_DoesNotWait()
    {
        using var device = new Emulator(memory: Memory);
        using ManualResetEventSlim begun = new(), ended = new();
        var copying = Task.Factory.StartNew(
            () =>
            {
                using var slow = new GpuReplica(
                    new FailingAccelerator(device.OpenAnother(), new(int.MaxValue), Hold), Example.Model, Example.Loss, ownsDevice: true);
                slow.LoadParameters(Of(1));
                return Run(slow, 0);
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        begun.Wait(TestContext.Current.CancellationToken);
        var other = new ReferenceCase(new("gru", 1, Tokens: false, Classes: false, 0), [5, 5], lanes: 2, chunkLength: 5);
        using (var replica = new GpuReplica(device.OpenAnother(), other.Model, other.Loss, ownsDevice: true))
        {
            replica.LoadParameters(other.Parameters);
            replica.ForwardBackward(
                other.Batch(0), other.Dropout(0), other.HiddenBefore, new float[other.HiddenBefore.Length],
                new float[other.Layout.Length]);
        }

        ended.Set();
        Assert.Equal(Alone(1, 0), await copying);

        void Hold()
        {
            begun.Set();
            ended.Wait(TestContext.Current.CancellationToken);
        }
    }

    private static GpuReplica Open(Emulator device) => new(device.OpenAnother(), Example.Model, Example.Loss, ownsDevice: true);

    private static float[] Of(float step) => [.. Example.Parameters.Select(value => value * (1 + (step / 8f)))];

    private static float[] Alone(float step, int chunk)
    {
        using var replica = new FusedReplica(Example.Model, Example.Loss);
        replica.LoadParameters(Of(step));
        return Run(replica, chunk);
    }

    private static float[] Run(IReplica replica, int chunk)
    {
        float[] hidden = new float[Example.HiddenBefore.Length], gradient = new float[Example.Layout.Length];
        double loss = replica.ForwardBackward(
            Example.Batch(chunk % 4), Example.Dropout(chunk), Example.HiddenBefore, hidden, gradient);
        return [(float)loss, .. hidden, .. gradient];
    }
}
