using Orleans.Tbptt.Client.Tables;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary>A figure after an epoch in the data's own units.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Step">Committed steps of the run.</param>
/// <param name="Metric">The figure.</param>
internal readonly record struct EpochMetric(int Epoch, long Step, Metric Metric);

/// <summary>What the tables of a run's events have: one definition for every format.</summary>
internal static class EventColumns
{
    /// <summary>A row a step.</summary>
    public static IReadOnlyList<OutputColumn<StepCommitted>> Steps { get; } =
    [
        new("number") { Whole = step => step.Number },
        new("time") { Time = step => step.Time },
        new("generation") { Whole = step => step.Generation },
        new("step") { Whole = step => step.Step },
        new("epoch") { Whole = step => step.Epoch },
        new("loss") { Number = step => step.Loss },
        new("gradientNorm") { Number = step => step.GradientNorm },
        new("differenceNorm") { Number = step => step.DifferenceNorm ?? double.NaN },
        new("learningRate") { Number = step => step.LearningRate },
        new("weight") { Number = step => step.Weight },
        new("seconds") { Number = step => step.Seconds },
        new("stateHash") { Text = step => step.StateHash?.ToString() ?? "" },
    ];

    /// <summary>A row an epoch.</summary>
    public static IReadOnlyList<OutputColumn<EpochFinished>> Epochs { get; } =
    [
        new("number") { Whole = epoch => epoch.Number },
        new("time") { Time = epoch => epoch.Time },
        new("generation") { Whole = epoch => epoch.Generation },
        new("epoch") { Whole = epoch => epoch.Epoch },
        new("step") { Whole = epoch => epoch.Step },
        new("loss") { Number = epoch => epoch.Loss },
        new("validationLoss") { Number = epoch => epoch.ValidationLoss ?? double.NaN },
        new("seconds") { Number = epoch => epoch.Seconds },
    ];

    /// <summary>A row for each figure of an epoch, and of the test, in the data's own units; its loss among those of the test.</summary>
    public static IReadOnlyList<OutputColumn<EpochMetric>> Metrics { get; } =
    [
        new("epoch") { Whole = row => row.Epoch },
        new("step") { Whole = row => row.Step },
        new("name") { Text = row => row.Metric.Name },
        new("value") { Number = row => row.Metric.Value },
        new("unit") { Text = row => row.Metric.Unit },
        new("series") { Text = row => row.Metric.Series ?? "" },
    ];
}
