using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A replica that says when it is about to run a chunk forward and backward.</summary>
internal sealed class WatchedReplica(IReplica inner, Action begins) : IReplica
{
    public ParameterLayout Layout => inner.Layout;

    public string Device => inner.Device;

    public string Engine { get; init; } = inner.Engine;

    public string Arithmetic { get; init; } = inner.Arithmetic;

    public bool IsBoundToThread => inner.IsBoundToThread;

    public void LoadParameters(ReadOnlySpan<float> parameters) => inner.LoadParameters(parameters);

    public double ForwardBackward(
        ChunkBatch batch, DropoutMasks dropout, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> gradientSum)
    {
        begins();
        return inner.ForwardBackward(batch, dropout, hiddenBefore, hiddenAfter, gradientSum);
    }

    public double Forward(
        ChunkBatch batch, ReadOnlySpan<float> hiddenBefore, Span<float> hiddenAfter, Span<float> outputs, Span<int> largest) =>
        inner.Forward(batch, hiddenBefore, hiddenAfter, outputs, largest);

    public void Dispose() => inner.Dispose();
}
