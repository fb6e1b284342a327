using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Control;

/// <summary>
/// Sends a request to a run's coordinator until it confirms it. A request to a dying silo is lost; repeating one is harmless.
/// </summary>
/// <param name="context">Services of the console.</param>
/// <param name="run">The run, with a cluster.</param>
internal sealed class RunControl(ConsoleContext context, FoundRun run)
{
    /// <summary><see cref="ICoordinatorGrain.StopRun"/>; then reads the run's status.</summary>
    /// <exception cref="ClientException">The run can no longer be reached.</exception>
    public Task<RunStatus> StopAsync(string reason) => AskAsync(async () =>
    {
        await run.Runs.StopAsync(run.Id, reason);
        return await run.Runs.GetStatusAsync(run.Id);
    });

    /// <summary><see cref="ICoordinatorGrain.PauseRun"/>.</summary>
    /// <exception cref="ClientException">The run cannot be paused in its state, or can no longer be reached.</exception>
    public async Task<RunStatus> PauseAsync(string reason) =>
        ThrowIfRefused("paused", await AskAsync(() => run.Runs.PauseAsync(run.Id, reason)));

    /// <summary><see cref="ICoordinatorGrain.ResumeRun"/>.</summary>
    /// <exception cref="ClientException">The run cannot be resumed in its state, or can no longer be reached.</exception>
    public async Task<RunStatus> ResumeAsync(ResumeRequest request) =>
        ThrowIfRefused("resumed", await AskAsync(() => run.Runs.ResumeAsync(run.Id, request)));

    /// <summary><see cref="ICoordinatorGrain.ResizeRun"/>.</summary>
    /// <exception cref="ClientException">The run cannot be resized in its state, or can no longer be reached.</exception>
    public async Task<RunStatus> ResizeAsync(ResizeRequest request) =>
        ThrowIfRefused("resized", await AskAsync(() => run.Runs.ResizeAsync(run.Id, request)));

    /// <summary><see cref="ICoordinatorGrain.AuditNext"/>.</summary>
    /// <returns>What came of the audit of a step.</returns>
    /// <exception cref="ClientException">No step can be audited, or not all of one, or the run can no longer be reached.</exception>
    public async Task<AuditedStep> AuditAsync()
    {
        var reply = await AskAsync(() => run.Runs.AuditAsync(run.Id, new(ProtocolVersion.Current)));
        ThrowIfRefused("audited", new(reply.Problem, reply.Status));
        return reply.Audited!;
    }

    /// <summary>Turns a refusal into a <see cref="ClientException"/>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="done">The requested change, as a participle: <c>paused</c>.</param>
    /// <param name="reply">The coordinator's answer.</param>
    /// <exception cref="ClientException">The coordinator refuses.</exception>
    public static RunStatus ThrowIfRefused(RunId run, string done, ControlReply reply) => reply.Problem.Length == 0
        ? reply.Status
        : throw new ClientException($"run {run} cannot be {done}: {Text.OneLine(reply.Problem)}", ExitCode.Failed);

    private RunStatus ThrowIfRefused(string done, ControlReply reply) => ThrowIfRefused(run.Id, done, reply);

    private Task<T> AskAsync<T>(Func<Task<T>> ask) where T : class
    {
        var (time, limits) = (context.Time, context.Limits);
        // Notices go to standard error because a program may read the result.
        return new RetryingQuery(run.Id, new JsonView(context.Terminal.Out, context.Terminal.Error), time, limits).AskAsync(
            async () =>
            {
                try
                {
                    return await ask().WaitAsync(limits.Control, time);
                }
                catch (TimeoutException)
                {
                    // A step in flight may take long; a living coordinator reports the run's status meanwhile.
                    await run.Runs.GetStatusAsync(run.Id).WaitAsync(limits.Answer, time);
                    return null;
                }
            },
            () => null, CancellationToken.None);
    }
}
