using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Runs;

/// <summary>
/// The data that a run was born with: its <c>data.json</c>. Written once, at the submission; every coordinator compares what it opens with
/// it, so that a run never continues on other data.
/// </summary>
/// <param name="Files">Every file that determines the result, with its content, in the order in which they are opened.</param>
/// <param name="Description">What was read; null where a run of a former release was resumed.</param>
public sealed record RunData(IReadOnlyList<DataFile> Files, DataDescription? Description);
