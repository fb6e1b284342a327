using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary>Writes a run's metrics as TensorBoard's scalars. What is not there, or not finite, is a gap of a curve.</summary>
internal sealed class TensorBoardMetrics : IMetricsWriter
{
    private readonly EventFile _file;

    /// <summary>Creates the file, with a name by which TensorBoard finds it.</summary>
    public TensorBoardMetrics(string directory, RunId run, DateTimeOffset start)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{start.ToUnixTimeSeconds():D10}.{run}");
        _file = new(File.Create(Path.Combine(directory, name)), start);
    }

    /// <inheritdoc/>
    public void Add(RunEvent one)
    {
        switch (one)
        {
            case StepCommitted step:
                Add(one, step.Step, "train/loss", step.Loss);
                Add(one, step.Step, "train/gradient norm", step.GradientNorm);
                Add(one, step.Step, "train/difference norm", step.DifferenceNorm);
                Add(one, step.Step, "train/learning rate", step.LearningRate);
                Add(one, step.Step, "train/seconds", step.Seconds);
                break;
            case EpochFinished epoch:
                Add(one, epoch.Step, "epoch/loss", epoch.Loss);
                Add(one, epoch.Step, "epoch/validation loss", epoch.ValidationLoss);
                foreach (var metric in epoch.Metrics)
                    Add(one, epoch.Step, $"epoch/{Text.Title(metric)}", metric.Value);
                break;
            case RunTested test:
                Add(one, test.Step, "test/loss", test.Loss);
                foreach (var metric in test.Metrics)
                    Add(one, test.Step, $"test/{Text.Title(metric)}", metric.Value);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Add(RunEvent one, long step, string tag, double? value)
    {
        if (value is { } number && double.IsFinite(number))
            _file.Add(one.Time, step, tag, number);
    }
}
