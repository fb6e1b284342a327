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

    /// <summary>Why a run that follows its file is not audited while it waits.</summary>
    /// <param name="wait">What it waits for, as its status says it.</param>
    public static string HasNoStep(string wait) =>
        $"the run follows its file, and its next step is not there yet ({wait}); ask again when it is";

    /// <summary>A step has been audited, or none can be.</summary>
    /// <param name="problem">Why not all of it; empty where all of it was, or something was found.</param>
    /// <param name="audited">What came of it; null where nothing was computed again.</param>
    public void Finish(string problem, AuditedStep? audited = null) => _done.TrySetResult((problem, audited));
}
