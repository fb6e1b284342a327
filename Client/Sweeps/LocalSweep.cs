using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>A sweep on local silos: starts them, submits or resumes the sweep, follows it, ends the silos.</summary>
/// <param name="context">Services of the console.</param>
/// <param name="plan">The silos to start.</param>
/// <param name="mode">How to show the sweep.</param>
/// <param name="options">Options that select the run store in other command lines, with a leading space.</param>
internal sealed class LocalSweep(ConsoleContext context, ClusterPlan plan, OutputMode mode, string options)
{
    /// <summary>How long the steps in flight may take to end after Ctrl-C.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Drives the sweep, and returns the exit code. In every case all silos have ended.</summary>
    /// <param name="begin">Submits or resumes the sweep; throws where the cluster refuses it.</param>
    /// <exception cref="ClientException">The cluster cannot be started or reached, or is lost.</exception>
    public async Task<int> RunAsync(Func<ISweepService, Task> begin)
    {
        var output = RunViews.Messages(context.Terminal, mode);
        var interruption = context.Interruption;
        interruption.Listen();
        SweepStatus? status;
        try
        {
            await using var cluster = await LocalLaunch.StartAsync(context, plan, _ => { }, output.WriteLine);
            if (cluster.Page is { } page)
                output.WriteLine($"page {page}");
            status = await ReaderWatch.RunWhileReadAsync(context, () => WatchedAsync(cluster, begin, output));
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return interruption.ExitCode;
        }
        finally
        {
            interruption.AtOnce = null;
        }

        if (status is null)
        {
            output.WriteLine($"resume with: tbptt resume {plan.Run}{options}");
            return interruption.ExitCode;
        }

        return SweepEnd.Write(status, context.Terminal, mode, options);
    }

    /// <summary>Submits the sweep, prints the commands for it, and leaves its silos running; they end when the sweep has ended.</summary>
    /// <param name="begin">Submits or resumes the sweep; throws where the cluster refuses it.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="ClientException">The cluster cannot be started or reached, or is lost.</exception>
    public async Task<int> DetachAsync(Func<ISweepService, Task> begin)
    {
        var output = RunViews.Messages(context.Terminal, mode);
        var interruption = context.Interruption;
        interruption.Listen();
        try
        {
            await using var cluster = await LocalLaunch.StartAsync(context, plan, _ => { }, output.WriteLine);
            try
            {
                var submitted = begin(cluster.Sweeps);
                if (await Task.WhenAny(submitted, cluster.Lost).WaitAsync(interruption.Token) == cluster.Lost)
                    throw new ClientException($"the cluster is lost: {await cluster.Lost}", ExitCode.Unreachable);
                await submitted;
            }
            catch
            {
                cluster.Kill();
                await cluster.EndAsync();
                throw;
            }

            output.WriteLine($"sweep  {plan.Run}");
            output.WriteLine($"silos  {string.Join(' ', cluster.Pids)}");
            if (cluster.Page is { } page)
                output.WriteLine($"page   {page}");
            SweepCommand.WriteVerbs(output, plan.Run, options);
            return ExitCode.Completed;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return interruption.ExitCode;
        }
        finally
        {
            interruption.AtOnce = null;
        }
    }

    /// <summary>The sweep at its end; null where the user has stopped it.</summary>
    private async Task<SweepStatus?> WatchedAsync(ITrainingCluster cluster, Func<ISweepService, Task> begin, TextWriter output)
    {
        var interruption = context.Interruption;
        try
        {
            await begin(cluster.Sweeps).WaitAsync(interruption.Token);
            output.WriteLine($"sweep {plan.Run}");
            var watching = new SweepWatch(context, cluster.Sweeps, plan.Run, output).WatchAsync(interruption.Token);
            if (await Task.WhenAny(watching, cluster.Lost) == cluster.Lost && !watching.IsCompleted)
            {
                throw new ClientException(
                    $"{await cluster.Lost}; continue the sweep with: tbptt resume {plan.Run}{options}", ExitCode.Unreachable);
            }

            return await watching;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            output.WriteLine($"{interruption.Reason}: ending the trials at their last committed steps; repeat to end at once");
            try
            {
                await cluster.Sweeps.StopAsync(plan.Run, interruption.Reason).WaitAsync(StopTimeout, context.Time);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // What could not be stopped in time is continued from its newest checkpoints.
                output.WriteLine($"the sweep was not stopped in time ({exception.Message})");
            }

            return null;
        }
        finally
        {
            await cluster.EndAsync();
        }
    }
}
