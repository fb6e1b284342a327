using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Charts;

namespace Orleans.Tbptt.Silo.Web.Curves;

/// <summary>The charts of what the cluster's silos use: a line for each silo, back from its last sample.</summary>
internal static class ClusterCharts
{
    private static readonly ChartAxis Past = new("time until the last sample", AxisKind.Duration);

    /// <summary>The charts' names, in the order of the page.</summary>
    public static IReadOnlyList<string> Names { get; } = ["processor", "machine", "memory", "threads", "messages", "gpu", "gpu-memory"];

    /// <summary>A chart; null where there is none of this name.</summary>
    public static Chart? Of(IReadOnlyList<SiloLoad> silos, string name) => name switch
    {
        "processor" => Chart(silos, name, "Processor: cores that each silo keeps busy", new("cores", FromZero: true), load => load.Cores),
        "machine" =>
            Chart(silos, name, "Machine: cores that all its processes keep busy", new("cores", FromZero: true), load => load.MachineCores),
        "memory" => Chart(silos, name, "Resident memory of each silo", new("memory", AxisKind.Bytes, FromZero: true), load => load.Memory),
        "threads" => Chart(silos, name, "Threads of each silo", new("threads", AxisKind.Count, FromZero: true), load => load.Threads),
        "messages" =>
            Chart(silos, name, "Orleans messages that arrive at each silo", new("messages/s", FromZero: true), load => load.Messages),
        "gpu" => Chart(silos, name, "GPU: share of time in which it is busy", new("busy", AxisKind.Share), load => load.Gpu),
        "gpu-memory" =>
            Chart(silos, name, "Memory in use on the GPUs", new("memory", AxisKind.Bytes, FromZero: true), load => load.GpuMemory),
        _ => null,
    };

    private static Chart Chart(IReadOnlyList<SiloLoad> silos, string name, string title, ChartAxis y, Func<LoadSample, double> value) =>
        new(name, title, Past, y, [.. silos.Select((silo, index) => new ChartSeries(silo.Name, ChartColour.Of(index), Points(silo, value))
        {
            Dash = index / ChartColour.Count,
        })]);

    private static ChartPoint[] Points(SiloLoad silo, Func<LoadSample, double> value) =>
        [.. silo.Samples.Select((sample, index) =>
            new ChartPoint((index + 1 - silo.Samples.Count) * silo.SecondsPerSample, value(sample)))];
}
