namespace Orleans.Tbptt.Protocol;

/// <summary>What a silo's process has used over time, in samples of equal length, oldest first.</summary>
[GenerateSerializer, Immutable, Alias("tbptt.SiloLoad")]
public sealed record SiloLoad
{
    /// <summary>The silo's name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>When the last sample was taken, by the silo's clock.</summary>
    [Id(1)] public required DateTimeOffset End { get; init; }

    /// <summary>The time that a sample covers, in seconds. It grows with the silo's age.</summary>
    [Id(2)] public required double SecondsPerSample { get; init; }

    /// <summary>The machine's cores.</summary>
    [Id(3)] public required int Cores { get; init; }

    /// <summary>The samples.</summary>
    [Id(4)] public required IReadOnlyList<LoadSample> Samples { get; init; }
}

/// <summary>What a silo's process used in a time. NaN where unknown: on a machine without a GPU, or without <c>/proc</c>.</summary>
/// <param name="Cores">Cores that the process kept busy, on average.</param>
/// <param name="MachineCores">Cores that all processes of the machine kept busy, on average.</param>
/// <param name="Memory">The process's resident memory, in bytes; the maximum.</param>
/// <param name="Threads">The process's threads; the maximum.</param>
/// <param name="Messages">Orleans messages that arrived at the silo, per second.</param>
/// <param name="Gpu">The share of time in which the GPUs were busy, 0 to 1, the mean over the machine's GPUs.</param>
/// <param name="GpuMemory">Memory in use on the machine's GPUs, in bytes; the maximum.</param>
[GenerateSerializer, Immutable, Alias("tbptt.LoadSample")]
public readonly record struct LoadSample(
    [property: Id(0)] double Cores, [property: Id(1)] double MachineCores, [property: Id(2)] double Memory,
    [property: Id(3)] double Threads,
    [property: Id(4)] double Messages, [property: Id(5)] double Gpu, [property: Id(6)] double GpuMemory)
{
    /// <summary>One sample for the time of two: means of rates and shares, maxima of what is held.</summary>
    public static LoadSample Merge(LoadSample one, LoadSample next) => new(
        Mean(one.Cores, next.Cores), Mean(one.MachineCores, next.MachineCores), Most(one.Memory, next.Memory),
        Most(one.Threads, next.Threads),
        Mean(one.Messages, next.Messages), Mean(one.Gpu, next.Gpu), Most(one.GpuMemory, next.GpuMemory));

    private static double Mean(double one, double next) => double.IsNaN(one) ? next : double.IsNaN(next) ? one : (one + next) / 2;

    private static double Most(double one, double next) => double.IsNaN(one) ? next : double.IsNaN(next) ? one : Math.Max(one, next);
}
