using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Checkpoints;

/// <summary>A checkpoint that was read whole and verified.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Snapshot">The committed state.</param>
/// <param name="State">What it records besides the tensors.</param>
public sealed record RestoredCheckpoint(CheckpointName Name, TrainingSnapshot Snapshot, CheckpointState State);
