using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>A step that was computed again.</summary>
/// <param name="At">The chunk that it was trained on; the step's number is <c>At.Step + 1</c>.</param>
/// <param name="Outcome">Loss, norm, learning rate and weight, to the bits of the run.</param>
/// <param name="State">
/// The state after it, which changes with the next step; null within a round of local steps, where only the round's end has a state.
/// </param>
public readonly record struct ReplayedStep(StepPosition At, StepOutcome.Committed Outcome, TrainingState? State)
{
    /// <summary>The number of the step: committed steps of the run, this one included.</summary>
    public long Step => At.Step + 1;
}
