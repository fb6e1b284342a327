using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A silo whose processor gets one bit of a gradient wrong, once it has begun to.</summary>
internal sealed class FaultySilo
{
    private volatile string _address = "";

    /// <summary>The chunks that the silo's replicas compute right before they begin to be wrong.</summary>
    public int Sound { get; set; }

    /// <summary>How often it is wrong, at most.</summary>
    public int Faults { get; init; } = int.MaxValue;

    /// <summary>The bits of a gradient that it gets wrong; the least one may be lost where gradients are added up.</summary>
    public uint Bits { get; init; } = 1;

    /// <summary>How many bits were flipped.</summary>
    public int Flipped { get; private set; }

    /// <summary>From now on the silo with this address is the faulty one.</summary>
    public void Begin(SiloAddress address) => _address = address.ToParsableString();

    /// <summary>Has a silo make replicas that are wrong where it is the faulty one.</summary>
    public void AddTo(ISiloBuilder silo) => silo.Services.AddSingleton<OpenReplica>(services =>
    {
        string own = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString();
        return (spec, device) => new Replica(Engine.Open(spec, device), gradient =>
        {
            if (own == _address && Sound-- <= 0 && Flipped < Faults)
                Flip(gradient);
        });
    });

    private void Flip(Span<float> gradient)
    {
        Flipped++;
        gradient[^1] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(gradient[^1]) ^ Bits);
    }

    private delegate void Meddle(Span<float> gradient);

    private sealed class Replica(IReplica inner, Meddle meddle) : IReplica
    {
        public ParameterLayout Layout => inner.Layout;

        public string Device => inner.Device;

        public string Engine => inner.Engine;

        public string Arithmetic => inner.Arithmetic;

        public bool IsBoundToThread => inner.IsBoundToThread;

        public void LoadParameters(ReadOnlySpan<float> parameters) => inner.LoadParameters(parameters);

        public double ForwardBackward(
            ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum)
        {
            double loss = inner.ForwardBackward(batch, dropout, hiddenBefore, hiddenAfter, gradientSum);
            meddle(gradientSum);
            return loss;
        }

        public double Forward(
            ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest) =>
            inner.Forward(batch, hiddenBefore, hiddenAfter, outputs, largest);

        public void Dispose() => inner.Dispose();
    }
}
