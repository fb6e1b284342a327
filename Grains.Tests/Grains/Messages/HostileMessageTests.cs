using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Messages;

/// <summary>Bytes that no codec of ours wrote: an error each, in little memory and time.</summary>
public sealed class HostileMessageTests : IDisposable
{
    private const int Rounds = 20_000;

    // What one message of a few hundred bytes may cost: strings and lists are bounded by what the message holds.
    private const long MostBytes = 1 << 20;

    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Assignment_CannotHarm_WhenItsBytesAreSpoiled() => Spoil(
        new ShardAssignment(RunId.Parse("a-1"), 3, TestSpecs.Average(), 0, 3, 17, GradientBuffer.Wrap(new float[64]),
            [new("/data/a.npy", 7, "ab")]), seed: 1);

    [Fact]
    public void Ticket_CannotHarm_WhenItsBytesAreSpoiled() =>
        Spoil(new StepTicket(3, 17, 1, 4, GradientBuffer.Wrap(new float[64])), seed: 2);

    [Fact]
    public void Contribution_CannotHarm_WhenItsBytesAreSpoiled() => Spoil<TrainerReply>(
        new Contribution(GradientBuffer.Wrap(new float[64]), GradientBuffer.Wrap(new float[16]), 0.5, 30), seed: 3);

    [Fact]
    public void NarrowContribution_CannotHarm_WhenItsBytesAreSpoiled() => Spoil<TrainerReply>(
        new Contribution(GradientBuffer.Wrap(new float[64], isNarrow: true), GradientBuffer.Wrap(new float[16]), 0.5, 30), seed: 5);

    [Fact]
    public void Transport_CannotHarm_WhenItsBytesAreSpoiled()
    {
        var run = RunId.Parse("a-1");
        Spoil(new ParameterBucket(run, 3, 17, 64, 0, GradientBuffer.Wrap(new float[64])), seed: 6);
        Spoil(new ChunkOrder(run, [1, 2, 3], [0, 0, 1], 5, 8), seed: 7);
        Spoil(
            new ChunkReply([new Contribution(GradientBuffer.Empty, GradientBuffer.Wrap(new float[16]), 0.5, 30)],
                [GradientBuffer.Wrap(new float[64])]),
            seed: 8);
        var ticket = new StepTicket(3, 17, 1, 4, GradientBuffer.Wrap(new float[64]));
        Spoil(new ChunkRequest(new(run, [1, 2, 3], [0, 0, 1], 5, 8), new(ticket, null, 17)), seed: 10);
        Spoil(new SumBucket([GradientBuffer.Wrap(new float[64])]), seed: 9);
    }

    [Fact]
    public void NarrowBuffer_ComesBackTheSame_InHalfTheBytes()
    {
        float[] values = [.. Enumerable.Range(0, 5000).Select(i => (float)i - 2500)];
        Bfloat16.Round(values, values);

        byte[] narrow = Serializer.SerializeToArray(GradientBuffer.Wrap(values, isNarrow: true));
        using var back = Serializer.Deserialize<GradientBuffer>(InPieces(narrow, 7))!;

        Assert.InRange(narrow.Length, 10_000, 10_016);
        Assert.True(back.IsNarrow);
        Bits.Same(values, back.Span);
    }

    [Fact]
    public void Submission_CannotHarm_WhenItsBytesAreSpoiled() =>
        Spoil(new SubmitRequest(RunId.Parse("a-1"), TestSpecs.Average().Written()), seed: 4);

    [Theory]
    [InlineData(uint.MaxValue - 3)]
    [InlineData(1u << 30)]
    [InlineData(404u)]
    [InlineData(401u)]
    public void BufferLength_IsHeldAgainstTheWholeMessage_WhenItArrivesInPieces(uint claimed)
    {
        byte[] whole = Serializer.SerializeToArray(GradientBuffer.Wrap(new float[100]));
        byte[] forged = WireForgery.ReplaceLength(whole, 400, claimed);
        ReadOnlySequence<byte> sequence = InPieces(forged, 7);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsAny<Exception>(() => Serializer.Deserialize<GradientBuffer>(sequence));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        Assert.Equal(100, Serializer.Deserialize<GradientBuffer>(InPieces(whole, 7))!.Length);
    }

    [Fact]
    public void BufferLength_IsHeldAgainstAStream_ThatKnowsItsEnd()
    {
        byte[] whole = Serializer.SerializeToArray(GradientBuffer.Wrap(new float[100]));
        using var sound = new MemoryStream(whole);
        using var forged = new MemoryStream(WireForgery.ReplaceLength(whole, 400, 1u << 30));

        Assert.Equal(100, Serializer.Deserialize<GradientBuffer>(sound)!.Length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.ThrowsAny<Exception>(() => Serializer.Deserialize<GradientBuffer>(forged));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
    }

    private void Spoil<T>(T message, int seed)
    {
        byte[] sound = Serializer.SerializeToArray(message);
        var random = new Random(seed);
        int refused = 0;
        long begun = Stopwatch.GetTimestamp();
        for (int round = 0; round < Rounds; round++)
        {
            byte[] spoiled = [.. sound];
            for (int flips = random.Next(1, 5); flips > 0; flips--)
                spoiled[random.Next(spoiled.Length)] ^= (byte)(1 << random.Next(8));
            if (round % 4 == 0)
                spoiled = spoiled[..random.Next(spoiled.Length)];
            if (round % 16 == 1)
                random.NextBytes(spoiled.AsSpan(random.Next(spoiled.Length)));

            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                _ = Serializer.Deserialize<T>(spoiled);
            }
            catch (Exception error) when (error is not (OutOfMemoryException or StackOverflowException or AccessViolationException))
            {
                refused++;
            }

            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < MostBytes,
                $"round {round}: {taken:N0} bytes for a message of {spoiled.Length}: {Convert.ToHexString(spoiled)}");
        }

        Assert.InRange(refused, Rounds / 10, Rounds);
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(60));
        TestContext.Current.TestOutputHelper!.WriteLine($"{refused:N0} of {Rounds:N0} refused");
    }

    private static ReadOnlySequence<byte> InPieces(byte[] bytes, int size)
    {
        Piece first = new(bytes.AsMemory(0, size), null), last = first;
        for (int at = size; at < bytes.Length; at += size)
            last = new(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)), last);
        return new(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
