using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>What a device is to do is a value: the same commands again are replayed from it, with the same bits.</summary>
public sealed class CommandListTests
{
    // Chunk 1 is shorter than the others, and on the way of its own.
    private static readonly int[] Lengths = [12, 11, 12, 12];

    /// <summary>Chunks of one shape are replayed from the second one on, with other data, parameters, masks and states each time.</summary>
    [Theory]
    [InlineData("lstm", false)]
    [InlineData("gru", false)]
    [InlineData("lstm", true)]
    public void Replay_HasTheBitsOfTheFirstRun(string cell, bool tokens)
    {
        var example = new ReferenceCase(new(cell, 2, tokens, tokens, 0.4), Lengths, lanes: 4, chunkLength: 3);
        using var device = new Emulator();
        using var replaying = new GpuReplica(device, example.Model, example.Loss);
        for (int round = 0; round < 6; round++)
        {
            using var fresh = new Emulator();
            using var first = new GpuReplica(fresh, example.Model, example.Loss);

            var (wanted, found) = (Run(first, example, round), Run(replaying, example, round));

            Assert.Equal(0, fresh.Replayed);
            Bits.Same(wanted, found);
        }

        // Of each round the parameters and the chunk; the vectors of tokens are as many as there are unlike ones.
        Assert.InRange(device.Replayed, tokens ? 5 : 8, 12);
    }

    [Fact]
    public void List_IsAnother_WhereAnythingOfItDiffers()
    {
        var kernel = KernelBuilder.Build("nothing", 1, k => k.IntParameter());
        var list = Of(list => list.Launch(kernel, 1, 1, 1, 5));

        Assert.True(list.IsSameAs(list.Copy()));
        Assert.True(list.IsSameAs(Of(list => list.Launch(kernel, 1, 1, 1, 5))));
        Assert.All(
            (Action<CommandList>[])
            [
                _ => { }, list => list.Launch(kernel, 1, 1, 1, 6), list => list.Launch(kernel, 2, 1, 1, 5),
                list => list.Launch(kernel, 1, 2, 1, 5), list => list.Clear(8, 4), list => list.Copy(8, 16, 4),
            ],
            other => Assert.False(list.IsSameAs(Of(other))));
        Assert.False(Of(list => list.CopyIn(8, 16, 4)).IsSameAs(Of(list => list.CopyOut(8, 16, 4))));
    }

    /// <summary>Branches run in any order, but for what joins say.</summary>
    [Fact]
    public void Branches_RunInEveryOrder_ThatJoinsAllow()
    {
        var list = Of(list =>
        {
            list.Clear(1, 1);
            list.Join(0, 1);
            list.Branch(1);
            list.Clear(2, 1);
            list.Branch(0);
            list.Clear(3, 1);
            list.Join(1, 0);
            list.Clear(4, 1);
            list.Branch(1);
            list.Clear(5, 1);
            list.Join(1, 0);
            list.Branch(0);
            list.Clear(6, 1);
        });

        Assert.Equal([1, 2, 3, 4, 5, 6], Order(list.Run));
        Assert.Equal([1, 3, 2, 4, 5, 6], Order(to => list.RunInOtherOrder(to, lastFirst: false)));
        Assert.Equal([1, 2, 5, 3, 4, 6], Order(to => list.RunInOtherOrder(to, lastFirst: true)));
        Assert.Equal(2, list.Branches);
    }

    private static List<nint> Order(Action<ICommands> run)
    {
        var order = new Recorder();
        run(order);
        return order.Cleared;
    }

    private sealed class Recorder : ICommands
    {
        public List<nint> Cleared { get; } = [];

        public void Clear(nint address, long bytes) => Cleared.Add(address);

        public void Branch(int branch)
        {
        }

        public void Join(int from, int to)
        {
        }

        public void CopyIn(nint host, nint to, long bytes) => throw new NotSupportedException();

        public void CopyOut(nint from, nint host, long bytes) => throw new NotSupportedException();

        public void Copy(nint from, nint to, long bytes) => throw new NotSupportedException();

        public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments) =>
            throw new NotSupportedException();
    }

    /// <summary>What was made of the list that was not wanted for longest is given back.</summary>
    [Fact]
    public void Replays_KeepTheLastOnes()
    {
        const int Most = 16;
        List<int> made = [], released = [];
        var replays = new Replays<string>(
            list =>
            {
                made.Add(list.Count);
                return $"{list.Count}";
            },
            one => released.Add(int.Parse(one, System.Globalization.CultureInfo.InvariantCulture)));
        for (int round = 0; round < 3; round++)
        {
            for (int count = 1; count <= Most; count++)
                Assert.Equal(round == 0 ? null : $"{count}", replays.Find(OfLength(count)));
        }

        Assert.Equal(Enumerable.Range(1, Most), made);
        Assert.Equal(2 * Most, replays.Count);
        Assert.Null(replays.Find(OfLength(Most + 1)));
        Assert.Equal([1], released);
        replays.Clear();
        Assert.Equal(Enumerable.Range(1, Most), released.Order());
    }

    /// <summary>What cannot be replayed after all is given back once, and its list is run as it is.</summary>
    [Fact]
    public void Replays_DropWhatFails()
    {
        List<string> released = [];
        var replays = new Replays<string>(list => $"{list.Count}", released.Add);
        replays.Find(OfLength(1));
        string made = Assert.IsType<string>(replays.Find(OfLength(1)));

        replays.Drop(made);

        Assert.Null(replays.Find(OfLength(1)));
        Assert.Equal(0, replays.Count);
        replays.Clear();
        Assert.Equal(["1"], released);
    }

    /// <summary>Where a command fails, its number is known.</summary>
    [Fact]
    public void Run_CountsTheCommands_ThatItHandsOn()
    {
        using var device = new Emulator();
        var list = Of(list =>
        {
            list.Join(0, 1);
            list.Launch(KernelBuilder.Build("nothing", 1, k => k.IntParameter()), 1, 65_536, 1, 5);
            list.Join(1, 0);
        });
        int number = 0;

        Assert.Throws<ArgumentException>(() => list.Run(device, ref number));

        Assert.Equal(2, number);
    }

    private static CommandList OfLength(int count) => Of(list =>
    {
        for (int i = 0; i < count; i++)
            list.Clear(8, 4);
    });

    private static CommandList Of(Action<CommandList> fill)
    {
        var list = new CommandList();
        fill(list);
        return list;
    }

    private static float[] Run(GpuReplica replica, ReferenceCase example, int round)
    {
        int chunk = round % 4;
        float[] hidden = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];
        replica.LoadParameters([.. example.Parameters.Select(value => value * (1 + (round / 8f)))]);
        double loss = replica.ForwardBackward(
            example.Batch(chunk), example.Dropout(round), [.. example.HiddenBefore.Select(value => value / (1 + round))], hidden, gradient);
        return [(float)loss, .. hidden, .. gradient];
    }
}
