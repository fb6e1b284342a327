using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>A lane whose part of a step is not the same in two runs.</summary>
/// <param name="Lane">The lane, from 0.</param>
/// <param name="A">What the first run has of it.</param>
/// <param name="B">What the second run has of it.</param>
/// <param name="Data">How what it is trained on differs; null where that is the same.</param>
/// <param name="Gradient">The parameters in whose gradient the lanes differ, in their order; empty where the losses alone do.</param>
public sealed record UnlikeLane(int Lane, LanePart A, LanePart B, UnlikeValues? Data, IReadOnlyList<UnlikeTensor> Gradient);

/// <summary>A lane's part of a step.</summary>
/// <param name="Chunk">What it was trained on.</param>
/// <param name="Rows">Which rows of the source those are; null where that is not known.</param>
/// <param name="LossSum">The loss summed over its elements.</param>
/// <param name="Weight">Its elements.</param>
public sealed record LanePart(LaneChunk Chunk, SourceRows? Rows, double LossSum, double Weight);

/// <summary>Values of a lane's chunk that are not the same in two runs.</summary>
/// <param name="What"><c>input</c> or <c>target</c>; <c>place</c> where the chunks themselves are others.</param>
/// <param name="Column">Which of the values of a time step the first unlike one is, from 0.</param>
/// <param name="A">That value in the first run, as the network gets it.</param>
/// <param name="B">That value in the second run.</param>
/// <param name="Step">Its time step in the sequence, from 0.</param>
/// <param name="Rows">Its row of the first run's source; null where that is not known.</param>
/// <param name="Unlike">How many of the chunk's time steps are unlike.</param>
public sealed record UnlikeValues(string What, int Column, string A, string B, long Step, SourceRows? Rows, int Unlike);
