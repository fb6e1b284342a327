using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A chunk that a replica is about to run.</summary>
/// <param name="Silo">Its silo.</param>
/// <param name="Replica">Which of the replicas that were opened in all, from 0.</param>
/// <param name="Chunk">Which of the chunks that it trains on, from 0.</param>
internal readonly record struct HeldChunk(SiloAddress Silo, int Replica, int Chunk);

/// <summary>Meddles with the chunks of the replicas of a test's silos, whichever way they are asked for.</summary>
internal sealed class HeldReplicas
{
    private int _opened;

    /// <summary>Called before a chunk, on the trainer's thread: while it waits the silo is late, and what it throws fails.</summary>
    public Action<HeldChunk> Before { get; set; } = _ => { };

    /// <summary>The silos that opened replicas, in order.</summary>
    public ConcurrentQueue<SiloAddress> Opened { get; } = [];

    /// <summary>What replicas opened after so many others say that their bits are a function of; null for what they are.</summary>
    public (int After, string Arithmetic)? Unlike { get; set; }

    /// <summary>Has a silo make replicas that call.</summary>
    public void AddTo(ISiloBuilder silo) => silo.Services.AddSingleton<OpenReplica>(services =>
    {
        var own = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        return (spec, device) =>
        {
            int replica = Interlocked.Increment(ref _opened) - 1, chunk = -1;
            Opened.Enqueue(own);
            var inner = Engine.Open(spec, device);
            return new WatchedReplica(inner, () => Before(new(own, replica, ++chunk)))
            {
                Arithmetic = Unlike is { } unlike && replica >= unlike.After ? unlike.Arithmetic : inner.Arithmetic,
            };
        };
    });
}
