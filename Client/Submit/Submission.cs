using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Submit;

/// <summary>
/// Sends a run to a cluster until a silo answers. A request to a silo that dies is lost without notice; sending the same
/// ID and spec again is harmless.
/// </summary>
/// <param name="runs">The grains.</param>
/// <param name="cluster">The cluster, for messages.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">Timeouts and retry intervals.</param>
internal sealed class Submission(IRunService runs, string cluster, TimeProvider time, WatchLimits limits)
{
    private const int MaxFailures = 3;

    /// <summary>Submits.</summary>
    /// <param name="request">The run.</param>
    /// <param name="document">The spec's text, with the positions of its keys.</param>
    /// <param name="cancellation">Cancels the wait; the run may have started.</param>
    /// <exception cref="SpecException">The cluster refuses the run; nothing was started.</exception>
    /// <exception cref="ClientException">The cluster stopped answering, or cannot take the run.</exception>
    public Task<SubmitReply> SendAsync(SubmitRequest request, SpecDocument document, CancellationToken cancellation) =>
        SendAsync(() => runs.SubmitAsync(request), document.Locate, cancellation);

    /// <summary>Has a run forked.</summary>
    /// <param name="request">The new run.</param>
    /// <param name="cancellation">Cancels the wait; the run may have started.</param>
    /// <exception cref="SpecException">The cluster refuses the run; nothing was started.</exception>
    /// <exception cref="ClientException">The cluster stopped answering, or cannot take the run.</exception>
    public Task<SubmitReply> SendAsync(ForkRequest request, CancellationToken cancellation) =>
        SendAsync(() => runs.ForkAsync(request), problem => problem, cancellation);

    private async Task<SubmitReply> SendAsync(
        Func<Task<SubmitReply>> ask, Func<SpecProblem, SpecProblem> locate, CancellationToken cancellation)
    {
        for (int failures = 0; ;)
        {
            try
            {
                // Opening the data may take any time: a silo that still answers may still be working on it.
                var reply = await ask().WaitAsync(limits.Submission, time, cancellation);
                return reply.Problems.Count == 0 ? reply : throw new SpecException([.. reply.Problems.Select(locate)]);
            }
            catch (Exception exception) when (exception is not (SpecException or ClientException) && !cancellation.IsCancellationRequested)
            {
                if (exception is not TimeoutException && ++failures == MaxFailures)
                    throw new ClientException($"the run could not be submitted: {Text.OneLine(exception.Message)}", ExitCode.Unreachable,
                        exception);
            }

            await new VersionCheck(time, limits).VerifyAsync(runs, cluster, cancellation);
        }
    }
}
