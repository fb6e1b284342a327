using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Training.Explaining;

/// <summary>What is behind a step's loss and gradient.</summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Epoch">Its epoch, from 1.</param>
/// <param name="Loss">The mean loss over its elements.</param>
/// <param name="GradientNorm">The norm of the averaged gradient of its chunk.</param>
/// <param name="Around">The steps that it is compared with.</param>
/// <param name="UsualLoss">The median of their losses; NaN where there are none.</param>
/// <param name="UsualNorm">The median of their gradient norms.</param>
/// <param name="Lanes">Its lanes, that with the largest share of the gradient first; of those whose numbers are not finite, these.</param>
/// <param name="Lags">
/// Of the first lane, which share of the gradient comes from how many chunks back, where the gradient ran on beyond where training stops;
/// empty where it cannot be measured.
/// </param>
public sealed record StepExplanation(
    long Step, int Epoch, double Loss, double GradientNorm, IReadOnlyList<long> Around, double UsualLoss, double UsualNorm,
    IReadOnlyList<LaneExplanation> Lanes, IReadOnlyList<Metric> Lags);

/// <summary>What a lane gave to a step.</summary>
/// <param name="Figures">Its figures.</param>
/// <param name="UsualLoss">The median of its losses in the steps around; NaN where there are none.</param>
/// <param name="UsualNorm">The median of its gradient norms there.</param>
/// <param name="Rows">The rows of the source that it was trained on; null where that is not known.</param>
/// <param name="Times">The times of the first and the last one; null where they have none.</param>
/// <param name="Pieces">Its chunk in parts, of the lanes that are looked at more closely; empty for others.</param>
public sealed record LaneExplanation(
    LaneFigures Figures, double UsualLoss, double UsualNorm, SourceRows? Rows, (string First, string Last)? Times,
    IReadOnlyList<PieceExplanation> Pieces);

/// <summary>What a part of a lane's chunk gave to a step.</summary>
/// <param name="Figures">Its figures.</param>
/// <param name="Rows">The rows of the source; null where that is not known.</param>
/// <param name="Times">The times of the first and the last one; null where they have none.</param>
public sealed record PieceExplanation(PieceFigures Figures, SourceRows? Rows, (string First, string Last)? Times);
