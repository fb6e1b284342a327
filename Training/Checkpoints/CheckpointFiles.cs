using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Checkpoints;

/// <summary>A file of tensors in a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Slots">Its tensors, under PyTorch's names and in PyTorch's shapes.</param>
/// <param name="Values">Their values, one after another.</param>
public sealed record TensorFile(string Name, IReadOnlyList<ParameterSlot> Slots, float[] Values);

/// <summary>The files that a checkpoint consists of.</summary>
public static class CheckpointFiles
{
    /// <summary>The parameters.</summary>
    public const string Model = "model.safetensors";

    /// <summary>What the state holds besides them that is as long: <see cref="TrainingSnapshot.AverageSlots"/>.</summary>
    public const string Optimizer = "optimizer.safetensors";

    /// <summary>The hidden state of every lane.</summary>
    public const string Hidden = "hidden.safetensors";

    /// <summary>The inner optimizer of a trainer that makes local steps: <see cref="TrainerOptimizerState"/>.</summary>
    public static string OfTrainer(int trainer) => $"trainer-{trainer}.safetensors";

    /// <summary>Written last: it seals the others.</summary>
    public const string State = "state.json";

    /// <summary>Rows of the tensors of hidden state: of each lane as many as it has states, the newest first.</summary>
    public static int HiddenRows(RunSpec spec) => checked(spec.Data.BatchSize * LaneState.States(spec));

    /// <summary>The files of tensors, with a snapshot's parameters and averages themselves and room for its hidden state.</summary>
    public static IReadOnlyList<TensorFile> Of(RunSpec spec, TrainingSnapshot snapshot) =>
    [
        new(Model, ParameterLayout.Of(spec.Model).Slots, snapshot.Parameters),
        new(Optimizer, snapshot.AverageSlots, snapshot.Averages),
        .. snapshot.TrainerOptimizers.Index().Where(inner => inner.Item.Names.Count > 0)
            .Select(inner => new TensorFile(OfTrainer(inner.Index), inner.Item.Slots, inner.Item.Values)),
        new(Hidden, HiddenTensors.Slots(spec.Model, HiddenRows(spec)), new float[snapshot.Hidden.Length]),
    ];
}
