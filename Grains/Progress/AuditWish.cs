using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Progress;

/// <summary>Somebody's wish that the next step be audited, whether or not the spec has audits.</summary>
internal sealed class AuditWish
{
    private readonly TaskCompletionSource<(string Problem, AuditedStep? Audited)> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Completes when all of a step has been computed again, with what was found; or says why that cannot be, and what was compared.
    /// </summary>
    public Task<(string Problem, AuditedStep? Audited)> Done => _done.Task;

    /// <summary>A step has been audited, or none can be.</summary>
    /// <param name="problem">Why not all of it; empty where all of it was, or something was found.</param>
    /// <param name="audited">What came of it; null where nothing was computed again.</param>
    public void Finish(string problem, AuditedStep? audited = null) => _done.TrySetResult((problem, audited));
}
