using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Train;

/// <summary>One run on a cluster that was started for it. In every case the silos have ended when it returns or throws.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="plan">The plan that the cluster was started from.</param>
/// <param name="begin">Submits or resumes the run; throws where the cluster refuses it.</param>
/// <param name="resume">The command that continues the run after its silos are lost.</param>
/// <param name="context">Services of the console.</param>
internal sealed class WatchedTraining(
    ITrainingCluster cluster, ClusterPlan plan, Func<IRunService, Task> begin, string resume, ConsoleContext context)
{
    /// <summary>
    /// How long a step in flight may take to end after Ctrl-C, without what a large checkpoint takes. With the silos' own time the console
    /// ends within 3 s.
    /// </summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMilliseconds(800);

    /// <summary>The same after other signals, where nobody waits at a prompt: containers are killed after 10 s.</summary>
    private static readonly TimeSpan UnattendedStopTimeout = TimeSpan.FromSeconds(5);

    private readonly RunWatcher _watcher =
        new(cluster.Runs, plan.Run, context.Time, context.Limits) { Recorded = () => StatusFile.Read(plan.Directory) };

    /// <summary>The submission, once it was started.</summary>
    private Task _submission = Task.CompletedTask;

    /// <summary>Submits or resumes the run and shows it until it ends.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IRunView view, Interruption interruption)
    {
        using var watch = new CancellationTokenSource();
        Task watching = Task.CompletedTask;
        try
        {
            view.OnPhase("checking the data");
            await Ticking.WhileAsync(view, context.Time, () => BeginAsync(interruption.Token));
            view.OnPhase("placing the trainers");
            var end = _watcher.WatchAsync(view, watch.Token);
            watching = end;
            return ExitCode.Of((await UntilLostAsync(end).WaitAsync(interruption.Token)).State);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            // A paused run stays paused.
            if (!_watcher.IsPaused)
            {
                view.OnNotice($"{interruption.Reason}: ending at the last committed step; repeat to end at once");
                await StopAsync(watching, interruption.Reason,
                    interruption.ExitCode == ExitCode.Interrupted ? StopTimeout : UnattendedStopTimeout);
            }

            return interruption.ExitCode;
        }
        finally
        {
            await watch.CancelAsync();
            await cluster.EndAsync();
        }
    }

    /// <summary>Submits the run and waits until it has started; the silos keep running.</summary>
    /// <returns>The exit code of a run that ended at once; null when it continues.</returns>
    public async Task<int?> StartDetachedAsync(IRunView view, Interruption interruption)
    {
        try
        {
            await BeginAsync(interruption.Token);
            var first = await UntilLostAsync(_watcher.WaitForFirstEventAsync(view, interruption.Token));
            return first is RunEnded ended ? ExitCode.Of(ended.State) : null;
        }
        catch (Exception exception)
        {
            // Otherwise the run's status would stay "starting" for ever. A refused run has no files.
            if (exception is not SpecException && !cluster.Lost.IsCompleted)
                await StopAsync(Task.CompletedTask, interruption.Reason.Length > 0 ? interruption.Reason
                    : "the console did not see the run start", StopTimeout);
            cluster.Kill();
            await cluster.EndAsync();
            throw;
        }
    }

    private Task<bool> BeginAsync(CancellationToken cancellation)
    {
        _submission = begin(cluster.Runs);
        return UntilLostAsync(WithResult(_submission)).WaitAsync(cancellation);

        static async Task<bool> WithResult(Task task)
        {
            await task;
            return true;
        }
    }

    /// <summary>Throws when the cluster is lost: calls to a cluster without silos would only time out.</summary>
    private async Task<T> UntilLostAsync<T>(Task<T> task)
    {
        if (await Task.WhenAny(task, cluster.Lost) == task)
            return await task;
        _ = task.ContinueWith(late => _ = late.Exception, TaskScheduler.Default);
        string again = _submission.IsCompletedSuccessfully ? $"; resume with: {resume}" : "";
        throw new ClientException($"the cluster is lost: {await cluster.Lost}{again}", ExitCode.Unreachable);
    }

    private async Task StopAsync(Task watching, string reason, TimeSpan timeout)
    {
        try
        {
            // Silos that got the signal, too, end by themselves.
            await Task.WhenAny(StopOnceSubmittedAsync(), cluster.Lost).Unwrap()
                .WaitAsync(timeout + FinalCheckpoint.Allowance(StatusFile.Read(plan.Directory)), context.Time);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Too slow or unreachable: committed state is on disk, and the silos are ended next.
        }

        async Task StopOnceSubmittedAsync()
        {
            // A stop that overtakes the submission would be lost, and the run would start afterwards.
            await _submission;
            // The watch shows the last events within the same time limit.
            await Task.WhenAll(cluster.Runs.StopAsync(plan.Run, reason), watching);
        }
    }
}
