using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Control;

/// <summary>
/// Asks a run's coordinator for something until it says that it is done. A silo that dies takes the question with it, and asking again does no harm.
/// </summary>
/// <param name="context">What to work with.</param>
/// <param name="run">The run, with a cluster.</param>
internal sealed class RunControl(ConsoleContext context, FoundRun run)
{
    /// <summary><see cref="ICoordinatorGrain.StopRun"/>; then the run as it is.</summary>
    /// <exception cref="ClientException">The run cannot be reached any more.</exception>
    public Task<RunStatus> StopAsync(string reason) => AskAsync(async () =>
    {
        await run.Runs.StopAsync(run.Id, reason);
        return await run.Runs.GetStatusAsync(run.Id);
    });

    /// <summary><see cref="ICoordinatorGrain.PauseRun"/>.</summary>
    /// <exception cref="ClientException">The run cannot be paused as it stands, or be reached any more.</exception>
    public async Task<RunStatus> PauseAsync(string reason) =>
        Done("paused", await AskAsync(() => run.Runs.PauseAsync(run.Id, reason)));

    /// <summary><see cref="ICoordinatorGrain.ResumeRun"/>.</summary>
    /// <exception cref="ClientException">The run cannot be resumed as it stands, or be reached any more.</exception>
    public async Task<RunStatus> ResumeAsync(ResumeRequest request) =>
        Done("resumed", await AskAsync(() => run.Runs.ResumeAsync(run.Id, request)));

    /// <summary>Makes of a refusal what it is to a user.</summary>
    /// <param name="run">The run.</param>
    /// <param name="done">What was wished: <c>paused</c>.</param>
    /// <param name="reply">What the coordinator says.</param>
    /// <exception cref="ClientException">It refuses.</exception>
    public static RunStatus Done(RunId run, string done, ControlReply reply) => reply.Problem.Length == 0
        ? reply.Status
        : throw new ClientException($"run {run} cannot be {done}: {Text.OneLine(reply.Problem)}", ExitCode.Failed);

    private RunStatus Done(string done, ControlReply reply) => Done(run.Id, done, reply);

    private Task<T> AskAsync<T>(Func<Task<T>> ask) where T : class
    {
        var (time, limits) = (context.Time, context.Limits);
        // Notices beside the result: it may be read by a program.
        return new Patience(run.Id, new JsonView(context.Terminal.Out, context.Terminal.Error), time, limits).AskAsync(
            async () =>
            {
                try
                {
                    return await ask().WaitAsync(limits.Control, time);
                }
                catch (TimeoutException)
                {
                    // A step in flight may take its time; a coordinator that is there at all says how the run stands.
                    await run.Runs.GetStatusAsync(run.Id).WaitAsync(limits.Answer, time);
                    return null;
                }
            },
            () => null, CancellationToken.None);
    }
}
