using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Submit;

/// <summary>
/// Sends a run to a cluster until somebody answers. A silo that dies takes the question or the answer with it, and nobody tells a client; the same
/// id and spec once more do no harm.
/// </summary>
/// <param name="runs">The grains.</param>
/// <param name="cluster">The cluster, for messages.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">How patient to be.</param>
internal sealed class Submission(IRunService runs, string cluster, TimeProvider time, WatchLimits limits)
{
    private const int MaxFailures = 3;

    /// <summary>Submits.</summary>
    /// <param name="request">The run.</param>
    /// <param name="document">Where the spec's keys stand.</param>
    /// <param name="cancellation">Gives up; the run may have begun.</param>
    /// <exception cref="SpecException">The cluster refuses the run; nothing was begun.</exception>
    /// <exception cref="ClientException">The cluster does not answer any more, or cannot take the run.</exception>
    public async Task<SubmitReply> SendAsync(SubmitRequest request, SpecDocument document, CancellationToken cancellation)
    {
        for (int failures = 0; ;)
        {
            try
            {
                // How long the data take to open is the data's affair: whoever still answers may still be at it.
                var reply = await runs.SubmitAsync(request).WaitAsync(limits.Submission, time, cancellation);
                return reply.Problems.Count == 0 ? reply : throw new SpecException([.. reply.Problems.Select(document.Locate)]);
            }
            catch (Exception exception) when (exception is not (SpecException or ClientException) && !cancellation.IsCancellationRequested)
            {
                if (exception is not TimeoutException && ++failures == MaxFailures)
                    throw new ClientException($"the run could not be submitted: {Text.OneLine(exception.Message)}", ExitCode.Unreachable, exception);
            }

            await new Greeting(time, limits).ExchangeAsync(runs, cluster, cancellation);
        }
    }
}
