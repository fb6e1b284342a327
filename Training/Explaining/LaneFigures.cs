using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Explaining;

/// <summary>What one lane gave to a step.</summary>
/// <param name="Lane">The lane, from 0.</param>
/// <param name="Chunk">What it was trained on.</param>
/// <param name="Loss">The mean loss over its elements; NaN over none.</param>
/// <param name="Weight">Its elements.</param>
/// <param name="GradientNorm">
/// The norm of its part of the step's gradient: of the gradient of its loss sum over the step's elements.
/// </param>
/// <param name="Share">
/// Its part of the step's gradient along that gradient, over the squared norm: all lanes' shares add up to 1. NaN where nobody asked.
/// </param>
public sealed record LaneFigures(int Lane, LaneChunk Chunk, double Loss, double Weight, double GradientNorm, double Share);

/// <summary>What a step was made of.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="At">Its chunk.</param>
/// <param name="Loss">The mean loss over its elements.</param>
/// <param name="GradientNorm">The norm of the averaged gradient of the chunk.</param>
/// <param name="Lanes">Its lanes that had work, in order.</param>
public sealed record StepFigures(long Step, StepPosition At, double Loss, double GradientNorm, IReadOnlyList<LaneFigures> Lanes);

/// <summary>What some time steps of a lane's chunk gave.</summary>
/// <param name="Start">The first one, in its sequence.</param>
/// <param name="Length">How many.</param>
/// <param name="Loss">The mean loss over their elements; NaN over none.</param>
/// <param name="GradientNorm">The norm of the gradient of their loss sum over the step's elements.</param>
public sealed record PieceFigures(int Start, int Length, double Loss, double GradientNorm);
