using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Control;

/// <summary><c>tbptt audit --now</c>: has the next step of a run that is trained computed again on another silo.</summary>
internal static class AuditNowCommand
{
    /// <summary>Waits until a step has been audited, and prints what was found.</summary>
    /// <returns>0 where all bits are the same, 5 where some are not.</returns>
    /// <exception cref="ClientException">There is no such run, its steps cannot be audited, or no silo that trains it can be
    /// reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, bool json)
    {
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        var status = run.Info.Status;
        if (run.Cluster is null && status.HasEnded)
            throw new ClientException($"run {run.Id} cannot be audited: {Outcome.Line(status)}", ExitCode.Failed);
        if (run.Cluster is null)
        {
            throw new ClientException(
                $"run {run.Id} cannot be audited: no silo trains it; continue it with: {run.Command("resume")}", ExitCode.Failed);
        }

        var audited = await new RunControl(context, run).AuditAsync();
        if (json)
            context.Terminal.Out.WriteLine(RunJson.Write(audited));
        else
            Write(context.Terminal.Out, run.Id, audited);
        return audited.Finding is null ? ExitCode.Completed : ExitCode.Unequal;
    }

    private static void Write(TextWriter output, RunId run, AuditedStep audited)
    {
        int repeated = audited.Repeated.Sum(one => one.Tickets);
        void Line(string name, string value) => output.WriteLine($"{name,-12}{Text.OneLine(value)}");
        Line("run", run.Text);
        Line("step", Text.Count(audited.Step));
        Line("the same", $"{repeated} of {Text.Plural(audited.Tickets, "ticket")}");
        foreach (var one in audited.Repeated)
            Line("", $"{Text.Plural(one.Tickets, "ticket")} of {one.Home}, computed again on {one.Host}");
        output.WriteLine(audited.Finding is { } finding ? Text.OneLine($"not equal   {finding.Words}") : "equal");
    }
}
