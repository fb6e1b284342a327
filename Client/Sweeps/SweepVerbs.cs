using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Client.Sweeps;

/// <summary>What verbs for runs do where they are given a sweep. Each gives null where the name means none.</summary>
internal static class SweepVerbs
{
    /// <summary><c>tbptt sweeps</c>: the sweeps of a run store or of a cluster, newest first.</summary>
    public static async Task<int> ListAsync(ConsoleContext context, ClusterSelection selection, bool json)
    {
        IReadOnlyList<SweepStatus> sweeps;
        if (selection.IsNamed)
        {
            await using var cluster = await context.Clusters.OpenAsync(selection, CancellationToken.None);
            sweeps = await cluster.Sweeps.ListAsync().WaitAsync(context.Limits.VersionCheck, context.Time);
        }
        else
        {
            sweeps = FoundSweep.All(selection.Runs);
        }

        var output = context.Terminal.Out;
        if (json)
        {
            output.WriteLine($"[{string.Join(",\n", sweeps.Select(SweepJson.Write))}]");
            return ExitCode.Completed;
        }

        if (sweeps.Count == 0)
        {
            context.Terminal.Error.WriteLine(
                $"tbptt: no sweeps in {(selection.IsNamed ? "the cluster" : Path.GetFullPath(selection.Runs))}");
            return ExitCode.Completed;
        }

        var table = new TextTable("SWEEP", "STATE", "TRIALS", "STRATEGY", "METRIC", "BEST", "STARTED", "NOTE");
        foreach (var sweep in sweeps)
        {
            int ended = sweep.Trials.Count(trial => trial.State is not (TrialState.Waiting or TrialState.Running));
            table.Add(
                sweep.Id, State(sweep, selection), $"{ended}/{sweep.Planned}", sweep.Strategy, sweep.Metric,
                sweep.Best is { } best ? $"{SweepTable.Figure(sweep.Trials[best].Figures[^1])} (trial {best})" : "-",
                $"{sweep.SubmittedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", sweep.Message);
        }

        table.Write(output);
        return ExitCode.Completed;
    }

    /// <summary><c>tbptt show</c>.</summary>
    public static async Task<int?> ShowAsync(ConsoleContext context, ClusterSelection selection, string name, bool json)
    {
        SweepStatus? sweep;
        if (selection.IsNamed)
        {
            await using var found = await FoundSweep.FindAsync(context, selection, name);
            sweep = found?.Status;
        }
        else
        {
            sweep = FoundSweep.Find(selection, name);
        }

        if (sweep is null)
            return null;
        if (json)
            context.Terminal.Out.WriteLine(SweepJson.Write(sweep));
        else
            SweepTable.Write(sweep, State(sweep, selection), context.Terminal.Out);
        return ExitCode.Completed;
    }

    /// <summary><c>tbptt attach</c>.</summary>
    public static async Task<int?> AttachAsync(
        ConsoleContext context, ClusterSelection selection, string name, OutputMode mode, bool fromNow)
    {
        await using var sweep = await FoundSweep.FindAsync(context, selection, name);
        if (sweep is null)
            return null;
        return sweep.Status.HasEnded ? SweepEnd.Write(sweep.Status, context.Terminal, mode, selection.Options)
            : await SweepCommand.FollowAsync(context, LivingOf(sweep, selection).Sweeps, sweep.Id, mode, selection.Options, fromNow);
    }

    /// <summary><c>tbptt wait</c>.</summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="selection">The run store and the cluster to search.</param>
    /// <param name="name">What was typed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<int?> WaitAsync(
        ConsoleContext context, ClusterSelection selection, string name, CancellationToken cancellation)
    {
        await using var sweep = await FoundSweep.FindAsync(context, selection, name);
        if (sweep is null)
            return null;
        var status = sweep.Status.HasEnded ? sweep.Status
            : await new SweepWatch(context, LivingOf(sweep, selection).Sweeps, sweep.Id, TextWriter.Null).WatchAsync(cancellation);
        context.Terminal.Out.WriteLine(
            Text.OneLine($"{Text.State(status.State)}{(status.Message.Length > 0 ? $": {status.Message}" : "")}"));
        return ExitCode.Of(status.State);
    }

    /// <summary><c>tbptt stop</c>.</summary>
    public static async Task<int?> StopAsync(ConsoleContext context, ClusterSelection selection, string name)
    {
        await using var sweep = await FoundSweep.FindAsync(context, selection, name);
        if (sweep is null)
            return null;
        var output = context.Terminal.Out;
        if (sweep.Status.HasEnded)
        {
            output.WriteLine($"already ended: {Text.State(sweep.Status.State)}");
            return ExitCode.Completed;
        }

        await LivingOf(sweep, selection).Sweeps.StopAsync(sweep.Id, "stopped by 'tbptt stop'");
        output.WriteLine($"stopped; resume with: tbptt resume {sweep.Id}{selection.Options}");
        return ExitCode.Completed;
    }

    /// <summary><c>tbptt resume</c>: on the sweep's cluster, or else on silos started for it.</summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="selection">The run store and the cluster to search.</param>
    /// <param name="name">What was typed.</param>
    /// <param name="silos">How many silos to start where none is alive; null for one.</param>
    /// <param name="mode">How the sweep is shown.</param>
    public static async Task<int?> ResumeAsync(
        ConsoleContext context, ClusterSelection selection, string name, int? silos, OutputMode mode)
    {
        ClusterPlan plan;
        await using (var sweep = await FoundSweep.FindAsync(context, selection, name))
        {
            if (sweep is null)
                return null;
            if (sweep.Status.State == RunState.Completed)
                throw new ClientException($"sweep {sweep.Id} cannot be resumed: it has completed", ExitCode.Failed);
            if (sweep.Cluster is { } cluster)
            {
                await Resume(cluster.Sweeps, sweep.Id);
                return await SweepCommand.FollowAsync(context, cluster.Sweeps, sweep.Id, mode, selection.Options);
            }

            plan = SweepCommand.Plan(context, selection, sweep.Id, silos ?? 1);
        }

        RunViews.Messages(context.Terminal, mode)
            .WriteLine($"no silo of sweep {plan.Run} is alive; starting {Text.Plural(plan.Silos, "silo")} for it; Ctrl-C stops the sweep");
        return await new LocalSweep(context, plan, mode, selection.Options).RunAsync(sweeps => Resume(sweeps, plan.Run));
    }

    private static OpenCluster LivingOf(FoundSweep sweep, ClusterSelection selection) => sweep.Cluster ?? throw new ClientException(
        $"no silo of sweep {sweep.Id} is alive; continue it with: tbptt resume {sweep.Id}{selection.Options}", ExitCode.Unreachable);

    private static async Task Resume(Watching.ISweepService sweeps, RunId sweep)
    {
        if (await sweeps.ResumeAsync(sweep) is { Length: > 0 } problem)
            throw new ClientException($"sweep {sweep} cannot be resumed: {Text.OneLine(problem)}", ExitCode.Failed);
    }

    /// <summary>The state in words: of a sweep whose own silos are gone, that nobody drives it.</summary>
    private static string State(SweepStatus sweep, ClusterSelection selection) =>
        !selection.IsNamed && !sweep.HasEnded && sweep.Cluster == sweep.Id
            && Orleans.Tbptt.Cluster.Membership.LocalClusterLife.IsAlive(selection.Runs, RunId.Parse(sweep.Id)) == false
            ? $"interrupted; tbptt resume {sweep.Id}{selection.Options}" : Text.State(sweep.State);
}
