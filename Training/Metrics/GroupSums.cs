namespace Orleans.Tbptt.Training.Metrics;

/// <summary>What a trainer's lanes have summed up of the groups of time steps that an evaluation keeps apart.</summary>
/// <param name="Groups">The groups: series, or lanes of the run.</param>
/// <param name="Values">
/// Of each of them, in the same order, and of each target: how many elements, then the sums of each of <see cref="ValueMetrics.All"/>.
/// Where targets are classes, of all the trainer's lanes together: how many elements, then of each class the hits, the predictions and the
/// targets.
/// </param>
public sealed record GroupSums(IReadOnlyList<int> Groups, IReadOnlyList<double> Values);
