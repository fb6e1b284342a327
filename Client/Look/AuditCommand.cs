using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Look;

/// <summary><c>tbptt audit</c>: what of a run was computed again on another silo, and what was found.</summary>
internal static class AuditCommand
{
    /// <summary>Writes it.</summary>
    /// <exception cref="ClientException">There is no such run, or the cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, bool json)
    {
        var run = await ShowCommand.ReadAsync(context, cluster, name);
        var output = context.Terminal.Out;
        var audit = run.Status.Audit;
        if (json)
        {
            output.WriteLine(run.ToJson()["audit"]?.ToJsonString(ListCommand.Json) ?? "null");
            return ExitCode.Completed;
        }

        output.WriteLine($"{"run",-12}{run.Status.Id}");
        if (audit is null)
        {
            output.WriteLine($"{"audited",-12}nothing: its spec has no audit, or no audited step has been committed yet; "
                + $"'tbptt resume {run.Status.Id} --set audit.every=100' has one step in 100 audited from then on, "
                + $"'tbptt audit {run.Status.Id} --now' the next one");
            return ExitCode.Completed;
        }

        output.WriteLine($"{"audited",-12}{Line(audit)}");
        output.WriteLine($"{"cost",-12}{Text.Duration(audit.Seconds)} in all, beyond what the steps themselves took");
        int found = audit.Findings.Count;
        output.WriteLine($"{"found",-12}{(found == 0 ? "the same bits every time" : Text.Plural(found, "difference"))}");
        foreach (var finding in audit.Findings)
            output.WriteLine($"  {Text.OneLine(finding.Words)}");
        output.WriteLine();
        var table = new TextTable("SILO", "AUDITED", "COMPUTED AGAIN", "DRAINED");
        foreach (var silo in audit.Silos)
        {
            table.Add(silo.Silo, Text.Count(silo.Given), Text.Count(silo.Repeated),
                audit.Findings.FirstOrDefault(one => one.Culprit == silo.Silo) is { } drain ? $"at step {Text.Count(drain.Step)}" : "-");
        }

        table.Write(output);
        return ExitCode.Completed;
    }

    /// <summary>What was audited, in one line.</summary>
    public static string Line(AuditStatus audit) =>
        $"{Text.Plural(audit.Steps, "step")}, {Text.Plural(audit.Tickets, "ticket")} in all"
        + (audit.CleanStep is { } clean ? $"; the newest step without a difference is {Text.Count(clean)}" : "");
}
