using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What a run's steps, rounds and evaluations are made with.</summary>
/// <param name="State">The committed state.</param>
/// <param name="Trainers">The trainers.</param>
/// <param name="Links">The ways to them.</param>
/// <param name="Reducer">Adds their gradients up.</param>
/// <param name="Recovery">Places them again.</param>
/// <param name="Resizer">Changes their number.</param>
/// <param name="Run">The run.</param>
/// <param name="Control">What is wanted of it.</param>
/// <param name="Worker">The coordinator's thread.</param>
/// <param name="Auditor">Audits steps.</param>
internal sealed record StepParts(
    TrainingState State, TrainerGroup Trainers, TrainerLinks Links, GradientReducer Reducer, Recovery Recovery,
    TrainerResizer Resizer, RunProgress Run, RunControl Control, WorkerThread Worker, Auditor Auditor);
