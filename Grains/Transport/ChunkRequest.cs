using Orleans.Tbptt.Grains.Telemetry;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>A request to the trainers of one silo.</summary>
/// <param name="Order">Which trainers.</param>
/// <param name="Work">What they are asked; without parameters where those are offered apart.</param>
/// <param name="Trace">The span that it is made under; null where that is not traced, or the way carries it by itself.</param>
[GenerateSerializer, Immutable, Alias("tbptt.ChunkRequest")]
internal sealed record ChunkRequest(
    [property: Id(0)] ChunkOrder Order, [property: Id(1)] ChunkWork Work, [property: Id(2)] CarriedTrace? Trace = null);
