using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Train;

/// <summary>One run on a cluster that was started for it. However it goes, the silos have ended when it returns or throws.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="plan">What was started.</param>
/// <param name="begin">Submits or resumes the run; throws where the cluster refuses it.</param>
/// <param name="resume">The command that makes the run go on after its silos are lost.</param>
/// <param name="context">What to work with.</param>
internal sealed class WatchedTraining(
    ITrainingCluster cluster, ClusterPlan plan, Func<IRunService, Task> begin, string resume, ConsoleContext context)
{
    /// <summary>How long a step in flight may take to end after Ctrl-C. Together with the silos' time the console ends within 3 s.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMilliseconds(800);

    private readonly RunWatcher _watcher = new(cluster.Runs, plan.Run, context.Time, context.Limits) { Recorded = () => RunRecord.Read(plan.Directory) };

    /// <summary>The submission, once it is under way.</summary>
    private Task _submission = Task.CompletedTask;

    /// <summary>Begins the run and shows it to its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IRunView view, Interruption interruption)
    {
        using var watch = new CancellationTokenSource();
        Task watching = Task.CompletedTask;
        try
        {
            await BeginAsync(interruption.Token);
            var end = _watcher.WatchAsync(view, watch.Token);
            watching = end;
            return ExitCode.Of((await UntilLostAsync(end).WaitAsync(interruption.Token)).State);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            // Who paused the run wants it to stay so.
            if (!_watcher.IsPaused)
            {
                view.OnNotice($"{interruption.Reason}: ending at the last committed step; once more to end at once");
                await StopAsync(watching, interruption.Reason);
            }

            return interruption.ExitCode;
        }
        finally
        {
            await watch.CancelAsync();
            await cluster.EndAsync();
        }
    }

    /// <summary>Submits the run and waits until it has begun; the silos stay.</summary>
    /// <returns>The exit code of a run that ended at once; null when it goes on.</returns>
    public async Task<int?> StartDetachedAsync(IRunView view, Interruption interruption)
    {
        try
        {
            await BeginAsync(interruption.Token);
            var first = await UntilLostAsync(_watcher.WatchForSignOfLifeAsync(view, interruption.Token));
            return first is RunEnded ended ? ExitCode.Of(ended.State) : null;
        }
        catch (Exception exception)
        {
            // Without it the run's files would tell of a start for ever. A refused run has none.
            if (exception is not SpecException && !cluster.Lost.IsCompleted)
                await StopAsync(Task.CompletedTask, interruption.Reason.Length > 0 ? interruption.Reason : "the console did not see the run begin");
            cluster.Kill();
            await cluster.EndAsync();
            throw;
        }
    }

    private async Task BeginAsync(CancellationToken cancellation)
    {
        _submission = begin(cluster.Runs);
        await UntilLostAsync(WithResult(_submission)).WaitAsync(cancellation);

        static async Task<bool> WithResult(Task task)
        {
            await task;
            return true;
        }
    }

    /// <summary>A call to a cluster without silos would only run into its timeout.</summary>
    private async Task<T> UntilLostAsync<T>(Task<T> task)
    {
        if (await Task.WhenAny(task, cluster.Lost) == task)
            return await task;
        _ = task.ContinueWith(late => _ = late.Exception, TaskScheduler.Default);
        string again = _submission.IsCompletedSuccessfully ? $"; resume with: {resume}" : "";
        throw new ClientException($"the cluster is lost: {await cluster.Lost}{again}", ExitCode.Unreachable);
    }

    private async Task StopAsync(Task watching, string reason)
    {
        try
        {
            await StopOnceSubmittedAsync().WaitAsync(StopTimeout, context.Time);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Too slow, or out of reach: what is committed is on disk, and the silos end next.
        }

        async Task StopOnceSubmittedAsync()
        {
            // A run that is stopped before it is known would begin afterwards.
            await _submission;
            // The last events come through the watch; both have the same short time.
            await Task.WhenAll(cluster.Runs.StopAsync(plan.Run, reason), watching);
        }
    }
}
