using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary>Writes a table of a run's steps, one of its epochs, and one of its epochs' figures in the data's own units.</summary>
internal sealed class MetricsTables : IMetricsWriter
{
    private readonly IEventTable<StepCommitted> _steps;
    private readonly IEventTable<EpochFinished> _epochs;
    private readonly IEventTable<EpochMetric> _metrics;

    /// <summary>Creates the files.</summary>
    /// <param name="directory">Where they lie.</param>
    /// <param name="extension">What their names end with.</param>
    /// <param name="files">Their format.</param>
    public MetricsTables(string directory, string extension, IEventFiles files)
    {
        _steps = files.Create(Path.Combine(directory, $"steps{extension}"), EventColumns.Steps);
        _epochs = files.Create(Path.Combine(directory, $"epochs{extension}"), EventColumns.Epochs);
        _metrics = files.Create(Path.Combine(directory, $"metrics{extension}"), EventColumns.Metrics);
    }

    /// <inheritdoc/>
    public void Add(RunEvent one)
    {
        switch (one)
        {
            case StepCommitted step:
                _steps.Add(step);
                break;
            case EpochFinished epoch:
                _epochs.Add(epoch);
                foreach (var metric in epoch.Metrics)
                    _metrics.Add(new(epoch.Epoch, epoch.Step, metric));
                break;
            case RunTested test:
                foreach (var metric in test.Metrics.Prepend(new("test loss", test.Loss, "", MetricKind.Test)))
                    _metrics.Add(new(test.Epoch, test.Step, metric));
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps.Dispose();
        _epochs.Dispose();
        _metrics.Dispose();
    }
}

/// <summary>A format of tables.</summary>
internal interface IEventFiles
{
    /// <summary>Creates a table's file.</summary>
    IEventTable<T> Create<T>(string path, IReadOnlyList<EventColumn<T>> columns);
}

/// <summary>Comma-separated values.</summary>
internal sealed class CsvFiles : IEventFiles
{
    /// <inheritdoc/>
    public IEventTable<T> Create<T>(string path, IReadOnlyList<EventColumn<T>> columns) =>
        new CsvTable<T>(new StreamWriter(path) { NewLine = "\n" }, columns);
}

/// <summary>Parquet.</summary>
internal sealed class ParquetFiles : IEventFiles
{
    /// <inheritdoc/>
    public IEventTable<T> Create<T>(string path, IReadOnlyList<EventColumn<T>> columns) => new ParquetTable<T>(path, columns);
}
