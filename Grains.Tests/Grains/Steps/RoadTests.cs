using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>
/// How many methods a step passes between the coordinator and the replica of a trainer on another silo: read off the stacks of a step that
/// is made, so that the walk in docs/architecture.md stays as short as it says.
/// </summary>
/// <remarks>
/// A stack does not show what the compiler has inlined; the first steps run as they were first compiled, without inlining. The longest
/// stack of each kind counts. On the way back a reply passes methods that continue where they waited: the coordinator's thread runs one
/// within the other, from the link that has the reply to the loop that commits the step and then looks at the clock.
/// </remarks>
public sealed class RoadTests : IAsyncLifetime
{
    /// <summary>Frames on the way out, both ends included, and the classes that they are of.</summary>
    private const int MostFramesOut = 9, MostClassesOut = 8;

    /// <summary>Frames on the way back, the ends not included.</summary>
    private const int MostFramesBack = 7;

    private readonly WatchedChannels _channels = new();
    private readonly Longest _replica = new(typeof(TcpServer), nameof(TcpServer.Serve));
    private readonly Longest _request = new(typeof(StepLoop), nameof(StepLoop.TrainStep));
    private readonly Longest _reply = new(typeof(TcpServer), nameof(TcpServer.Serve));
    private readonly Longest _arrival = new(typeof(TcpConnection), "Receive");
    private readonly Longest _return = new(typeof(TcpLink), nameof(TcpLink.Ask), before: "StepLoop.TrainStep");
    private TestSilos _silos = null!;

    public async ValueTask InitializeAsync()
    {
        _channels.CoordinatorWrites = () => _request.Note();
        _channels.CoordinatorReads = () => _arrival.Note();
        _channels.SiloWrites = () => _reply.Note();
        _silos = await TestSilos.Start(
            2,
            silo => silo.Services
                .AddSingleton<IChannelSecurity>(_channels)
                .AddSingleton<TimeProvider>(new WatchedClock(() => _return.Note()))
                .AddSingleton<OpenReplica>((spec, device) => new WatchedReplica(Engine.Open(spec, device), () => _replica.Note())),
            directSteps: true);
    }

    public ValueTask DisposeAsync() => _silos.DisposeAsync();

    [Fact]
    public async Task Step_PassesNoMoreThanTheWalkSays_ForATrainerOnAnotherSilo()
    {
        var spec = TestSpecs.Average(trainers: 2, epochs: 3);

        var run = await _silos.Train(spec);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(2, run.Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        var (sent, computed, answered) = (_request.Frames, _replica.Frames, _reply.Frames);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(" > ", [.. sent.Select(Name), "wire", .. computed.Select(Name)]));
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(" > ", answered.Select(Name)));
        Assert.Equal("StepLoop.TrainStep", Name(sent[0]));
        Assert.Equal("TcpLink.Write", Name(sent[^1]));
        Assert.Equal("TcpServer.Serve", Name(computed[0]));
        Assert.Equal("TrainerShards.TrainChunk", Name(computed[^1]));

        // The replica itself stands behind the test's.
        int replica = 1;
        MethodBase[] way = [.. sent, .. computed];
        Assert.InRange(way.Length + replica, 5, MostFramesOut);
        Assert.InRange(way.Select(Class).Distinct().Count() + replica, 5, MostClassesOut);

        // Back: through the silo's frames as they return, and there the reply is written by the last of them; then the thread that reads
        // it, whose helper for frames has returned when the reply passes on, as on the silo; then the methods that wait for it.
        Assert.Equal(["TcpServer.Serve"], answered.Select(Name));
        string[] received = [.. _arrival.Frames.Where(frame => Class(frame) != typeof(FrameStream)).Select(Name)];
        string[] returned = [.. _return.Frames.Select(Name)];
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(" > ", [.. received, "coordinator's thread", .. returned]));
        Assert.Equal(["TcpConnection.Receive"], received);
        Assert.Equal(["TcpLink.Ask", "TrainerGroup.Answers"], returned);
        Assert.InRange(computed.Length + received.Length + returned.Length, 5, MostFramesBack);
    }

    private static Type Class(MethodBase method)
    {
        var type = method.DeclaringType!;
        while (type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && type.DeclaringType is { } outer)
            type = outer;
        return type;
    }

    /// <summary>An asynchronous method's frame is that of its state machine; its name stands between angle brackets.</summary>
    private static string Name(MethodBase method)
    {
        string generated = method.Name == "MoveNext" ? method.DeclaringType!.Name : method.Name;
        return $"{Class(method).Name}.{(generated.StartsWith('<') ? generated[1..generated.IndexOf('>')] : generated)}";
    }

    /// <summary>A clock that says when it is looked at.</summary>
    private sealed class WatchedClock(Action looks) : TimeProvider
    {
        public override long GetTimestamp()
        {
            looks();
            return base.GetTimestamp();
        }
    }

    /// <summary>
    /// The longest stack seen, from one method of ours inwards; where an inner end is named, only stacks that have it count, up to it.
    /// </summary>
    private sealed class Longest(Type type, string method, string? before = null)
    {
        private readonly Lock _gate = new();

        public MethodBase[] Frames { get; private set; } = [];

        public void Note()
        {
            MethodBase[] own =
                [.. new StackTrace().GetFrames().Select(frame => frame.GetMethod()).OfType<MethodBase>().Where(IsOurs).Reverse()];
            int from = Array.FindLastIndex(own, one => Name(one) == $"{type.Name}.{method}");
            int to = before is null ? own.Length : Array.FindIndex(own, Math.Max(from, 0), one => Name(one) == before);
            if (from < 0 || to < 0)
                return;
            lock (_gate)
            {
                if (to - from > Frames.Length)
                    Frames = own[from..to];
            }
        }

        /// <summary>
        /// An asynchronous method stands on the stack twice: the compiler's stub, which is left out, and its state machine.
        /// </summary>
        private static bool IsOurs(MethodBase method) =>
            !method.IsDefined(typeof(AsyncStateMachineAttribute), inherit: false)
            && method.DeclaringType?.Assembly.GetName().Name is { } name && name.StartsWith("Orleans.Tbptt", StringComparison.Ordinal)
            && !name.Contains("Tests", StringComparison.Ordinal);
    }
}
