using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>
/// The committed parameters as they are sent: the state's own memory. They stay as they are until every trainer has contributed to the step
/// after them. Where the wire is narrower, trainers on the coordinator's silo see them unrounded, and round them as the wire does.
/// </summary>
internal sealed class SentParameters(TrainingState state, TrainSpec train)
{
    /// <summary>All of them.</summary>
    public GradientBuffer Whole => Of(state.Parameters);

    /// <summary>Others of the same model, sent in the same way.</summary>
    public GradientBuffer Of(float[] parameters) => GradientBuffer.Wrap(parameters, train.IsNarrow);

    /// <summary>How many there are.</summary>
    public int Length => state.Parameters.Length;

    /// <summary>Whether they are so many that they are offered to other silos ahead of the requests, in buckets.</summary>
    public bool AreOffered { get; } = Buckets.AreUsedFor(state.Parameters.Length);

    /// <summary>A bucket of them.</summary>
    public GradientBuffer Bucket(int bucket) => GradientBuffer.Wrap(Buckets.Of(state.Parameters, bucket), train.IsNarrow);
}
