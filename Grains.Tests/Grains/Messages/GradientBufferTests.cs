using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Placement;
using Orleans.Serialization;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Messages;

public sealed class GradientBufferTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(4_000_000)]
    public void Buffer_ArrivesBitForBit(int length)
    {
        float[] values = [.. Enumerable.Range(0, length).Select(i => i % 7 == 0 ? -0f : BitConverter.Int32BitsToSingle(i * 2_654_435))];

        byte[] bytes = Serializer.SerializeToArray(GradientBuffer.Wrap(values));
        using var back = Serializer.Deserialize<GradientBuffer>(bytes)!;

        Bits.Same(values, back.Span);
        Assert.InRange(bytes.Length, length * sizeof(float), length * sizeof(float) + 32);
    }

    [Fact]
    public void Buffer_ArrivesAsOneObject_WhenAMessageHoldsItTwice()
    {
        var shared = GradientBuffer.Wrap(new[] { 1f, 2f });

        var back = Serializer.Deserialize<Contribution>(Serializer.SerializeToArray(new Contribution(shared, shared, 2, 3)))!;

        Assert.Same(Assert.Single(back.GradientSums), back.Hidden);
        Assert.Equal((2, 3, false), (Assert.Single(back.LossSums), Assert.Single(back.Weights), back.Leaving));
        Bits.Same([1f, 2f], back.Hidden.Span);
    }

    [Fact]
    public void Message_ArrivesWhole_WithBuffersOfEveryKind()
    {
        TrainerReply sent = new Contribution(GradientBuffer.Wrap(new[] { 1f }), GradientBuffer.Empty, 0.5, 3);

        var back = Assert.IsType<Contribution>(Serializer.Deserialize<TrainerReply>(Serializer.SerializeToArray(sent)));

        Assert.Equal((1, 0, 0.5, 3.0), (back.GradientSums[0].Length, back.Hidden.Length, back.LossSums[0], back.Weights[0]));
    }

    [Fact]
    public void CutMessage_IsRefused_WhereverItIsCut()
    {
        byte[] bytes = Serializer.SerializeToArray(GradientBuffer.Wrap(new float[1000]));

        foreach (int length in new[] { 1, 3, 4, 5, 6, 100, bytes.Length - 8 })
            Assert.ThrowsAny<Exception>(() => Serializer.Deserialize<GradientBuffer>(bytes.AsSpan(0, length).ToArray()));
    }

    [Theory]
    [InlineData(uint.MaxValue - 3)]
    [InlineData(0x4000_0000u)]
    [InlineData(4004u)]
    [InlineData(2u)]
    [InlineData(4003u)]
    public void WrongLength_IsRefused_BeforeMemoryIsTaken(uint claimed)
    {
        byte[] bytes = Serializer.SerializeToArray(GradientBuffer.Wrap(new float[1000]));
        byte[] forged = WireForgery.ReplaceLength(bytes, 4000, claimed);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsAny<Exception>(() => Serializer.Deserialize<GradientBuffer>(forged));

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void RentedBuffer_IsGivenBackOnce_HoweverOftenItIsDisposedOf()
    {
        var buffer = GradientBuffer.Rent(100_003);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray<float>(buffer.Memory, out var array));

        buffer.Dispose();
        buffer.Dispose();

        Assert.Equal(0, buffer.Length);
        float[] first = ArrayPool<float>.Shared.Rent(100_003), second = ArrayPool<float>.Shared.Rent(100_003);
        Assert.Same(array.Array, first);
        Assert.NotSame(first, second);
    }

    [Fact]
    public void WrappedBuffer_StaysItsOwners_WhenDisposedOf()
    {
        float[] mine = [1f, 2f];
        var buffer = GradientBuffer.Wrap(mine);

        buffer.Dispose();

        Assert.Equal(2, buffer.Length);
        GradientBuffer.Empty.Dispose();
        Assert.Equal(0, GradientBuffer.Empty.Length);
    }

    [Fact]
    public async Task Buffer_IsTheSameObjectWithinASilo_AndAnotherOnTheNext()
    {
        await using var silos = await TestSilos.Start(2);
        await Place(silos, key: 1, silo: 0);
        await Place(silos, key: 2, silo: 0);
        await Place(silos, key: 3, silo: 1);

        var near = await silos.Grains.GetGrain<IEchoGrain>(1).Pass(2, 4_000_000);
        var far = await silos.Grains.GetGrain<IEchoGrain>(1).Pass(3, 4_000_000);

        Assert.True(near.Same);
        Assert.False(far.Same);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"16 MB there and back: {far.Buffer.TotalMilliseconds:f1} ms between silos, {near.Buffer.TotalMilliseconds:f2} ms within one; "
            + $"as float[] {far.Floats.TotalMilliseconds:f1} ms and {near.Floats.TotalMilliseconds:f2} ms");
    }

    [Fact]
    public void Exceptions_ArriveWithWhatTheyReport()
    {
        var problem = new SpecProblem("data.batchSize", "0", "1 or more", "give it lanes") { Location = "a.yaml:3:4" };

        var lost = Assert.IsType<RunNotFoundException>(
            Serializer.Deserialize<Exception>(Serializer.SerializeToArray<Exception>(new RunNotFoundException("x-1"))));
        var unfit = Assert.IsType<SpecException>(
            Serializer.Deserialize<Exception>(Serializer.SerializeToArray<Exception>(new SpecException(problem))));

        Assert.Equal(("x-1", "no run 'x-1' in the run store"), (lost.Run, lost.Message));
        Assert.Equal([problem], unfit.Problems);
        Assert.Equal(problem.ToString(), unfit.Message);
    }

    private static async Task Place(TestSilos silos, long key, int silo)
    {
        Runtime.RequestContext.Set(IPlacementDirector.PlacementHintKey, silos.Cluster.Silos[silo].SiloAddress);
        await silos.Grains.GetGrain<IEchoGrain>(key).Echo(GradientBuffer.Empty);
        Runtime.RequestContext.Remove(IPlacementDirector.PlacementHintKey);
    }
}
