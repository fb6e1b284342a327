using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary>Writes a table of a run's steps, one of its epochs, and one of its epochs' figures in the data's own units.</summary>
internal sealed class MetricsTables : IMetricsWriter
{
    private readonly IOutputTable<StepCommitted> _steps;
    private readonly IOutputTable<EpochFinished> _epochs;
    private readonly IOutputTable<EpochMetric> _metrics;

    /// <summary>Creates the files.</summary>
    /// <param name="directory">Where they lie.</param>
    /// <param name="extension">What their names end with.</param>
    /// <param name="files">Their format.</param>
    public MetricsTables(string directory, string extension, IOutputFiles files)
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
