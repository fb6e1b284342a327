using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The outcome of a control request.</summary>
/// <param name="Problem">Why it was refused; empty otherwise.</param>
/// <param name="Status">The run's status; null when the coordinator has accepted the request but not completed it.</param>
internal sealed record ControlOutcome(string Problem, RunStatus? Status);

/// <summary>Pauses, resumes, resizes, audits and stops runs.</summary>
/// <param name="feeds">Provides the coordinators.</param>
/// <param name="time">The clock.</param>
internal sealed class RunControls(RunFeeds feeds, TimeProvider time)
{
    /// <summary>How long a request waits for a step or a round of local steps, which are not interrupted.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary><see cref="ICoordinatorGrain.PauseRun"/>.</summary>
    public Task<ControlOutcome> PauseAsync(string id, string? reason) => AskAsync(id, run => run.PauseRun(reason ?? "on the web page"));

    /// <summary><see cref="ICoordinatorGrain.ResumeRun"/>.</summary>
    public Task<ControlOutcome> ResumeAsync(string id, ResumeOptions? options) =>
        AskAsync(id, run => run.ResumeRun(new(options?.Trainers, options?.FromStart ?? false, ProtocolVersion.Current)));

    /// <summary><see cref="ICoordinatorGrain.ResizeRun"/>.</summary>
    public Task<ControlOutcome> ResizeAsync(string id, ResizeOptions options) => AskAsync(
        id, run => run.ResizeRun(new(options.Trainers, options.Reason ?? "wanted over HTTP", ProtocolVersion.Current)));

    /// <summary><see cref="ICoordinatorGrain.AuditNext"/>.</summary>
    /// <returns>Why it was refused; and what came of it, null where that is not known yet.</returns>
    public async Task<(string Problem, AuditedStep? Audited)> AuditAsync(string id)
    {
        AuditedStep? audited = null;
        var outcome = await AskAsync(id, async run =>
        {
            var reply = await run.AuditNext(new(ProtocolVersion.Current));
            audited = reply.Audited;
            return new(reply.Problem, reply.Status);
        });
        return (outcome.Problem, outcome.Status is null ? null : audited);
    }

    /// <summary><see cref="ICoordinatorGrain.StopRun"/>.</summary>
    public Task<ControlOutcome> StopAsync(string id, string? reason) => AskAsync(id, async run =>
    {
        await run.StopRun(reason ?? "on the web page");
        return new("", await run.GetStatus());
    });

    private async Task<ControlOutcome> AskAsync(string id, Func<ICoordinatorGrain, Task<ControlReply>> ask)
    {
        var coordinator = feeds.CoordinatorOf(id);
        // An unknown run is reported at once, without a wait.
        await coordinator.GetStatus();
        var asked = ask(coordinator);
        try
        {
            var reply = await asked.WaitAsync(Patience, time);
            return new(reply.Problem, reply.Status);
        }
        catch (TimeoutException) when (!asked.IsCompleted)
        {
            asked.Ignore();
            return new("", null);
        }
    }
}
