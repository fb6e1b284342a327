namespace Orleans.Tbptt.Training.Engines;

/// <summary>What the driver says of a GPU.</summary>
/// <param name="Bus">Where it is, as <c>0000:3b:00.0</c>, by which other libraries know it; empty where unknown.</param>
/// <param name="MemoryTotal">Its memory in bytes.</param>
/// <param name="MemoryUsed">What is in use of it, by all processes; null while this process does not compute on it.</param>
public sealed record GpuFacts(string Bus, long MemoryTotal, long? MemoryUsed);
