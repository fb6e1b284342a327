using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Explaining;

/// <summary>
/// Explains steps for users of the web page: one at a time, on a thread that gives way to training, and only what takes bounded time and
/// memory. What takes more is for <c>tbptt explain</c>, on a machine of the user's.
/// </summary>
/// <param name="feeds">Knows the run store.</param>
/// <param name="options">Has the choices with which the silo reads specs.</param>
/// <param name="roots">Where data may lie.</param>
/// <param name="time">The clock.</param>
internal sealed class StepExplanations(RunFeeds feeds, IOptions<TbpttGrainsOptions> options, DataRoots roots, TimeProvider time)
    : IDisposable
{
    private readonly BoundedExplainer _explainer = new(options.Value.Choices.Reader, roots);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Explains a step.</summary>
    /// <param name="id">The run.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="gone">Nobody waits for it any more.</param>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    public async Task<StepAnswer> ExplainAsync(string id, long step, CancellationToken gone)
    {
        var run = feeds.DirectoryOf(id);
        var status = run.ReadStatus() ?? throw new RunNotFoundException(id);

        // The step with which a run diverges was not committed.
        long last = status.Step + (status.State == RunState.Diverged ? 1 : 0);
        if (step < 1 || step > last)
        {
            return new(null, null, $"step: found {step}, expected 1 to {last}, the steps that run {id} has made",
                StatusCodes.Status404NotFound);
        }

        if (!await _turn.WaitAsync(TimeSpan.Zero, gone))
        {
            return new(null, null, "found another step that is being explained at this silo, expected one at a time; try again in some "
                + $"seconds, or {BoundedExplainer.Instead(run, step)}", StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            using var limit = new CancellationTokenSource(BoundedExplainer.MostTime, time);
            return await LowPriorityThread.RunAsync(
                () => _explainer.Explain(run, step, Math.Max(status.Step, step), limit.Token, gone));
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
