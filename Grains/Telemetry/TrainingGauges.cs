using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>The gauges whose series carry a run's id.</summary>
public static class TrainingGauges
{
    internal const string Loss = "tbptt.loss";
    internal const string LearningRate = "tbptt.learning_rate";
    internal const string Epoch = "tbptt.epoch";
    internal const string Trainers = "tbptt.trainers";

    /// <summary>Each gauge, and how many series it has for one run.</summary>
    public static IReadOnlyList<(string Gauge, int Series)> SeriesOfARun { get; } =
        [(Loss, 2), (LearningRate, 1), (Epoch, 1), (Trainers, Enum.GetValues<TrainerState>().Length)];
}
