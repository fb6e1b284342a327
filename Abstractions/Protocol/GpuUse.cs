namespace Orleans.Tbptt.Protocol;

/// <summary>What is in use of a GPU that a silo offers, by all processes.</summary>
/// <param name="Device">The device, as <c>cuda:0</c>.</param>
/// <param name="MemoryUsed">Its memory in use, in bytes; null where the driver does not say.</param>
/// <param name="MemoryTotal">Its memory in bytes; null where the driver does not say.</param>
/// <param name="Busy">
/// The share of the last sample's time in which it was busy, 0 to 1; null where NVIDIA's management library is not there or does not say.
/// </param>
[GenerateSerializer, Immutable, Alias("tbptt.GpuUse")]
public sealed record GpuUse(
    [property: Id(0)] string Device, [property: Id(1)] long? MemoryUsed, [property: Id(2)] long? MemoryTotal,
    [property: Id(3)] double? Busy);
