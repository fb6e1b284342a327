using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Averages;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <content>
/// What S(n) holds besides the parameters that is as long as they are: the optimizer's running averages, the average of the parameters, and
/// the gradients of an update that further chunks belong to.
/// </content>
public sealed partial class TrainingState
{
    private const string SumName = "gradient_sum";
    private long _open;

    /// <summary>All of it, by name: always the same memory, in the same order.</summary>
    public IReadOnlyList<RunningAverage> Buffers { get; }

    /// <summary>The average of the parameters; empty where the spec has none.</summary>
    public ParameterAverage Average { get; }

    /// <summary>
    /// The parameters that are evaluated, and that the run leaves as its model where that is the last one: the average where the spec has
    /// one for this and it has begun, otherwise the parameters themselves.
    /// </summary>
    public float[] Evaluated => _spec.EvaluatesAverage && Average.Count > 0 ? Average.Values : Parameters;

    /// <summary>
    /// Updates so far, those of a run that this one continues included: steps, less those that only added to the gradient of an update.
    /// What schedules count.
    /// </summary>
    public long Updates => Step - _open;

    /// <summary>
    /// The gradients, summed over chunks and trainers, of the update that the next chunk belongs to, too; empty where each chunk makes an
    /// update.
    /// </summary>
    internal float[] GradientSum { get; }

    /// <summary>The elements that <see cref="GradientSum"/> is over.</summary>
    internal double GradientWeight { get; set; }

    /// <summary>The names of the buffers of a run that is trained so.</summary>
    internal static IReadOnlyList<string> BufferNames(TrainSpec train) =>
        [.. BuffersOf(train, Optimizers.Optimizer.OfTheRun(train, parameters: 0), [], []).Select(buffer => buffer.Name)];

    private static IEnumerable<RunningAverage> BuffersOf(TrainSpec train, IOptimizer optimizer, float[] average, float[] sum) =>
    [
        .. optimizer.Averages, .. train.KeepsAverage ? [new(ParameterAverage.Name, average)] : Array.Empty<RunningAverage>(),
        .. train.Accumulate > 1 ? [new(SumName, sum)] : Array.Empty<RunningAverage>(),
    ];

    /// <summary>An update is made, or passed over because none of its chunks had a target.</summary>
    internal void CloseUpdate()
    {
        GradientWeight = 0;
        Array.Clear(GradientSum);
    }

    /// <summary>A step keeps its gradient for the update that a later one closes.</summary>
    /// <param name="gradient">The sum over the chunks of the update so far.</param>
    /// <param name="weight">Its elements.</param>
    internal void KeepUpdateOpen(float[] gradient, double weight)
    {
        _open++;
        gradient.CopyTo(GradientSum, 0);
        GradientWeight = weight;
    }

    /// <summary>What a checkpoint says of <see cref="Updates"/>: 0 where every step made one.</summary>
    private long SavedUpdates => _spec.Accumulate == 1 && _open == 0 ? 0 : Updates;

    /// <summary>Whether a buffer is one that a run may have or not, whatever its optimizer.</summary>
    internal static bool IsOfTheRecipe(string name) => name is ParameterAverage.Name or SumName;

    /// <summary>Takes over those that a snapshot has; the others stay as they are.</summary>
    private void RestoreBuffers(TrainingSnapshot snapshot)
    {
        foreach (var buffer in Buffers)
        {
            if (snapshot.TryFind(buffer.Name, out int index))
                snapshot.Average(index).CopyTo(buffer.Values.Span);
        }

        RestoreTrainerOptimizers(snapshot.TrainerOptimizers);
        Optimizer.Count = snapshot.OptimizerCount;
        _open = _spec.Accumulate == 1 && snapshot.Updates == 0 ? 0 : snapshot.Step - snapshot.Updates;
        (Average.Count, GradientWeight) = (snapshot.AverageCount, snapshot.GradientWeight);
    }

    /// <summary>
    /// At the end of another run, an epoch's, no update is open. Its average continues where both have an exponential one; a mean that
    /// begins by the losses of epochs begins anew with them.
    /// </summary>
    private void ContinueRecipe(TrainingSnapshot end)
    {
        _open = end.Updates > 0 ? end.Step - end.Updates : 0;
        (Average.Count, GradientWeight) = (_spec.Ema is not null && end.HasExponentialAverage ? end.AverageCount : 0, 0);
        Array.Clear(GradientSum);
        Average.Follow(Losses);
    }
}
