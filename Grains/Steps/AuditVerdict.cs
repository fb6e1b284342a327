using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// What the audit of a step says. The step loop notes it once it has waited for it: the run may have been left meanwhile.
/// </summary>
/// <param name="Step">The step, from 1.</param>
/// <param name="Finding">What is unlike; null where nothing is.</param>
/// <param name="Repeated">What was computed again to the same bits.</param>
/// <param name="IsWhole">Whether that is all of the step.</param>
/// <param name="Took">How much longer the step took because of it.</param>
/// <param name="Problem">Why it is audited in part only.</param>
internal sealed record AuditVerdict(
    long Step, AuditFinding? Finding, IReadOnlyList<RepeatedTickets> Repeated, bool IsWhole, TimeSpan Took, AuditProblem Problem);
