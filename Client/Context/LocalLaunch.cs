using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;

namespace Orleans.Tbptt.Client.Context;

/// <summary>Starts local silos for a console that can be interrupted.</summary>
internal static class LocalLaunch
{
    /// <summary>Starts the silos, and checks that they are of this version. From then on a second signal kills them.</summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="plan">The silos to start.</param>
    /// <param name="phase">Receives what the start waits for.</param>
    /// <param name="notice">Receives what happens to silos unasked.</param>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    /// <exception cref="OperationCanceledException">The console was interrupted before.</exception>
    public static async Task<ITrainingCluster> StartAsync(
        ConsoleContext context, ClusterPlan plan, Action<string> phase, Action<string> notice)
    {
        var interruption = context.Interruption;
        ITrainingCluster cluster;
        try
        {
            cluster = await context.Launcher.LaunchAsync(plan with { Phase = phase }, Notice, interruption.Token);
        }
        catch (Exception exception) when (interruption.Token.IsCancellationRequested)
        {
            // A terminal's Ctrl-C also ends silos that have not installed their handlers yet; their failure is not the cause.
            throw new OperationCanceledException("interrupted while the cluster was starting", exception, interruption.Token);
        }

        // Silos that got the console's signal, too, may end before it ends them: that is no news.
        void Notice(string text)
        {
            if (!interruption.Token.IsCancellationRequested)
                notice(text);
        }

        interruption.AtOnce = cluster.Kill;
        try
        {
            await new VersionCheck(context.Time, context.Limits).VerifyAsync(cluster.Runs, "the silo program", interruption.Token);
            return cluster;
        }
        catch (Exception)
        {
            cluster.Kill();
            await cluster.EndAsync();
            await cluster.DisposeAsync();
            throw;
        }
    }
}
