using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary>A format that a run's metrics are exported in.</summary>
/// <param name="Word">Its word on the command line.</param>
/// <param name="Open">Creates the files of a run, which began at a time, in an empty directory.</param>
internal sealed record MetricsFormat(string Word, Func<string, RunId, DateTimeOffset, IMetricsWriter> Open);

/// <summary>All formats; a new one is a line here.</summary>
internal static class MetricsFormats
{
    /// <summary>The formats.</summary>
    public static IReadOnlyList<MetricsFormat> All { get; } =
    [
        new("csv", (directory, _, _) => new MetricsTables(directory, ".csv", new CsvFiles())),
        new("parquet", (directory, _, _) => new MetricsTables(directory, ".parquet", new ParquetFiles())),
        new("tensorboard", (directory, run, start) => new TensorBoardMetrics(directory, run, start)),
    ];
}

/// <summary>Writes a run's metrics; the files are complete when it is disposed.</summary>
internal interface IMetricsWriter : IDisposable
{
    /// <summary>Adds an event; ignores those without metrics.</summary>
    void Add(RunEvent one);
}
