using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>The gauges whose series carry a run's id.</summary>
public static class TrainingGauges
{
    internal const string Loss = "tbptt.loss";
    internal const string Error = "tbptt.error";
    internal const string LearningRate = "tbptt.learning_rate";
    internal const string Epoch = "tbptt.epoch";
    internal const string Trainers = "tbptt.trainers";

    /// <summary>The targets whose errors are exported, at most: the first ones.</summary>
    internal const int MostTargets = 8;

    /// <summary>Each gauge, and how many series it has for one run.</summary>
    public static IReadOnlyList<(string Gauge, int Series)> SeriesOfARun { get; } =
    [
        (Loss, 2), (Error, MostTargets * ValueMetrics.Most), (LearningRate, 1), (Epoch, 1),
        (Trainers, Enum.GetValues<TrainerState>().Length),
    ];
}
