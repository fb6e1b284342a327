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
/// stack of each kind counts.
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
    private TestSilos _silos = null!;

    public async ValueTask InitializeAsync()
    {
        _channels.CoordinatorWrites = () => _request.Note();
        _channels.SiloWrites = () => _reply.Note();
        _silos = await TestSilos.Start(
            2,
            silo => silo.Services
                .AddSingleton<IChannelSecurity>(_channels)
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
        Assert.Equal("TrainerShard.TrainChunk", Name(computed[^1]));

        // The replica itself stands behind the test's.
        int replica = 1;
        MethodBase[] way = [.. sent, .. computed];
        Assert.InRange(way.Length + replica, 5, MostFramesOut);
        Assert.InRange(way.Select(Class).Distinct().Count() + replica, 5, MostClassesOut);

        // Back: through the silo's frames as they return, and there the reply is written by the last of them; then the thread that reads
        // it, the link and the group that wait for it.
        Assert.Equal(["TcpServer.Serve"], answered.Select(Name));
        string[] coordinator = [.. ((MethodInfo[])[
            Method(typeof(TcpConnection), "Receive"), Method(typeof(TcpLink), nameof(TcpLink.Ask)), Method(typeof(TrainerGroup), "Answers"),
        ]).Select(Name)];
        Assert.InRange(computed.Length + coordinator.Length, 5, MostFramesBack);
    }

    private static MethodInfo Method(Type type, string name) =>
        type.GetMethod(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        ?? throw new InvalidOperationException($"{type.Name} has no method {name}: mend the walk");

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

    /// <summary>The longest stack seen, from one method of ours inwards.</summary>
    private sealed class Longest(Type type, string method)
    {
        private readonly Lock _gate = new();

        public MethodBase[] Frames { get; private set; } = [];

        public void Note()
        {
            MethodBase[] own =
                [.. new StackTrace().GetFrames().Select(frame => frame.GetMethod()).OfType<MethodBase>().Where(IsOurs).Reverse()];
            int from = Array.FindLastIndex(own, one => Name(one) == $"{type.Name}.{method}");
            if (from < 0)
                return;
            lock (_gate)
            {
                if (own.Length - from > Frames.Length)
                    Frames = own[from..];
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
