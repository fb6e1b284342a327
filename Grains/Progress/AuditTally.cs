using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Progress;

/// <summary>Adds audits up.</summary>
internal static class AuditTally
{
    /// <summary>Of more findings than this of one silo, and of more that name none, the oldest ones are left out.</summary>
    internal const int MostFindings = 20;

    /// <summary>A step was computed again to the same bits.</summary>
    /// <param name="before">What was audited before; null for nothing.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="repeated">What was computed again.</param>
    /// <param name="isWhole">Whether that is all of the step.</param>
    /// <param name="took">How much longer the step took because of it.</param>
    public static AuditStatus Add(AuditStatus? before, long step, IReadOnlyList<RepeatedTickets> repeated, bool isWhole, TimeSpan took)
    {
        before ??= new();
        var silos = before.Silos.ToDictionary(silo => silo.Silo);
        foreach (var one in repeated)
        {
            silos[one.Home] = Of(one.Home) with { Given = Of(one.Home).Given + one.Tickets };
            silos[one.Host] = Of(one.Host) with { Repeated = Of(one.Host).Repeated + one.Tickets };
        }

        return before with
        {
            Steps = before.Steps + (isWhole ? 1 : 0),
            Tickets = before.Tickets + repeated.Sum(one => one.Tickets),
            CleanStep = isWhole ? step : before.CleanStep,
            Seconds = before.Seconds + took.TotalSeconds,
            Silos = [.. silos.Values.OrderBy(silo => silo.Silo, StringComparer.Ordinal)],
        };

        AuditedSilo Of(string silo) => silos.GetValueOrDefault(silo) ?? new(silo, 0, 0);
    }

    /// <summary>Unlike bits were found.</summary>
    public static AuditStatus Add(AuditStatus? before, AuditFinding finding)
    {
        before ??= new();
        AuditFinding[] all = [.. before.Findings, finding];
        int surplus = all.Count(one => one.Address == finding.Address) - MostFindings;

        // The newest ones of each silo say which silos are drained.
        return before with { Findings = [.. all.Where(one => one.Address != finding.Address || surplus-- <= 0)] };
    }
}
